import type { GatewayError } from '../core/error.ts'
import { driftFailure } from './failure.ts'

const MESSAGE = 0x00
const TRAILERS = 0x80
const COMPRESSED = 0x01
const HEADER_SIZE_BYTES = 5

/** gRPC status numbers as the HTTP statuses they stand for (spec/upstream-media.md §15.1). */
const httpStatuses: Readonly<Record<number, number>> = { 0: 200, 4: 504, 7: 403, 8: 429, 14: 503, 16: 401 }
const OTHER_STATUS = 502

/** What a gRPC-web answer said. */
export interface GrpcWebAnswer {
  /** As an HTTP status; 200 when the call succeeded. */
  readonly status: number
  /** Why it did not, in the upstream's words. */
  readonly reason: string
  /** The bytes of the message; undefined if none came. */
  readonly message: Uint8Array | undefined
}

/** One message as a request body: a data frame around its bytes. */
export function encodeGrpcWebMessage(message: readonly number[]): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE_BYTES + message.length)
  frame[0] = MESSAGE
  new DataView(frame.buffer).setUint32(1, message.length)
  frame.set(message, HEADER_SIZE_BYTES)
  return frame
}

/** An answer: its message, and its status from the trailer frame or else the headers; without any it succeeded (§15.1). */
export function parseGrpcWebAnswer(body: Uint8Array, headers: Headers): GrpcWebAnswer {
  const { trailers, message } = readFrames(body)
  const code = trailers.get('grpc-status') ?? headers.get('grpc-status') ?? '0'
  const reason = trailers.get('grpc-message') ?? headers.get('grpc-message') ?? ''
  return { status: httpStatuses[Number(code)] ?? OTHER_STATUS, reason: decodePercent(reason), message }
}

interface Frames {
  readonly trailers: ReadonlyMap<string, string>
  readonly message: Uint8Array | undefined
}

/** A call that asks once is answered once: the first message is the one. */
function readFrames(body: Uint8Array): Frames {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const trailers = new Map<string, string>()
  let message: Uint8Array | undefined
  let at = 0
  while (at < body.length) {
    if (at + HEADER_SIZE_BYTES > body.length) throw broken('a frame header is cut')
    const flag = view.getUint8(at)
    const end = at + HEADER_SIZE_BYTES + view.getUint32(at + 1)
    if (end > body.length) throw broken('a frame is cut')
    if ((flag & COMPRESSED) !== 0) throw broken('a frame is compressed')
    const payload = body.subarray(at + HEADER_SIZE_BYTES, end)
    if ((flag & TRAILERS) !== 0) addLines(new TextDecoder().decode(payload), trailers)
    else message ??= payload
    at = end
  }
  return { trailers, message }
}

function addLines(text: string, trailers: Map<string, string>): void {
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // not percent-encoded after all
  }
}

function broken(cause: string): GatewayError {
  return driftFailure(`a gRPC-web answer: ${cause}`)
}
