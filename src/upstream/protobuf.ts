/** One field of a protobuf message; the bytes are parts of the message's own. */
export type WireField =
  | { readonly number: number; readonly type: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly type: 'fixed32' | 'fixed64' | 'bytes'; readonly value: Uint8Array }

/** Bytes that are no protobuf message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

const MAX_VARINT_SIZE_BYTES = 10

/** The bits of a field's tag that tell its wire type. */
const TYPE_BITS = 3n
const TYPE_MASK = 7n

/**
 * The fields of a message, in the order of its bytes. It knows no schema, so that a reader takes the fields it knows and
 * passes over the others. Groups, which nobody writes any more, are refused like everything else that is malformed.
 */
export function readFields(message: Uint8Array): readonly WireField[] {
  const fields: WireField[] = []
  // each field takes one byte at least, so the loop ends
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at)
    const number = Number(tag.value >> TYPE_BITS)
    if (number === 0) throw new ProtobufError('a field has no number')
    const { field, end } = readField(message, { number, type: Number(tag.value & TYPE_MASK), at: tag.end })
    fields.push(field)
    at = end
  }
  return fields
}

/** The number that a `fixed32` holds as a float. */
export function decodeFloat(fixed32: Uint8Array): number {
  return new DataView(fixed32.buffer, fixed32.byteOffset, fixed32.byteLength).getFloat32(0, true)
}

interface Tag {
  readonly number: number
  readonly type: number
  /** Where the value begins. */
  readonly at: number
}

function readField(
  message: Uint8Array,
  { number, type, at }: Tag,
): { readonly field: WireField; readonly end: number } {
  if (type === VARINT) {
    const { value, end } = readVarint(message, at)
    return { field: { number, type: 'varint', value }, end }
  }
  if (type === FIXED32) return { field: { number, type: 'fixed32', value: cut(message, at, 4) }, end: at + 4 }
  if (type === FIXED64) return { field: { number, type: 'fixed64', value: cut(message, at, 8) }, end: at + 8 }
  if (type !== BYTES) throw new ProtobufError(`a field has the wire type ${type}`)
  const length = readVarint(message, at)
  const value = cut(message, length.end, Number(length.value))
  return { field: { number, type: 'bytes', value }, end: length.end + value.length }
}

function cut(message: Uint8Array, at: number, length: number): Uint8Array {
  if (length > message.length - at) throw new ProtobufError('a field is cut')
  return message.subarray(at, at + length)
}

function readVarint(message: Uint8Array, at: number): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let read = 0; read < MAX_VARINT_SIZE_BYTES; read++) {
    const byte = message[at + read]
    if (byte === undefined) throw new ProtobufError('a number is cut')
    value |= BigInt(byte & 0x7f) << BigInt(7 * read)
    if (byte < 0x80) return { value, end: at + read + 1 }
  }
  throw new ProtobufError('a number is too long')
}
