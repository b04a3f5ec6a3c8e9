/** What the credits call tells, spec/upstream-chat.md §7.5; times in epoch milliseconds. */
export interface Credits {
  /** Null leaves it out, as 0 does. */
  readonly usedPercent: number | null
  readonly startsAt: number
  readonly endsAt: number
  readonly products: readonly ProductUse[]
}

/** The share of one product. */
export interface ProductUse {
  /** 1 API, 2 Build, 3 Plugins, 4 Chat, 5 Imagine, 6 Voice. */
  readonly code: number
  readonly percent: number
}

/** The product code of chats. */
export const CHAT = 4

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

/** The message as protobuf; numbers that are 0 are left out, as the format has it. */
export function encodeCredits({ usedPercent, startsAt, endsAt, products }: Credits): Buffer {
  const config = Buffer.concat([
    floatField(1, usedPercent ?? 0),
    bytesField(4, encodeTimestamp(startsAt)),
    bytesField(5, encodeTimestamp(endsAt)),
    ...products.map(({ code, percent }) =>
      bytesField(7, Buffer.concat([numberField(1, code), floatField(2, percent)])),
    ),
  ])
  return bytesField(1, config)
}

function encodeTimestamp(milliseconds: number): Buffer {
  const nanos = (milliseconds % 1000) * 1e6
  return Buffer.concat([numberField(1, Math.floor(milliseconds / 1000)), numberField(2, nanos)])
}

function numberField(number: number, value: number): Buffer {
  if (value === 0) return Buffer.alloc(0)
  return Buffer.concat([encodeTag(number, VARINT), encodeVarint(value)])
}

function floatField(number: number, value: number): Buffer {
  if (value === 0) return Buffer.alloc(0)
  const float = Buffer.alloc(4)
  float.writeFloatLE(value)
  return Buffer.concat([encodeTag(number, FIXED32), float])
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([encodeTag(number, BYTES), encodeVarint(bytes.length), bytes])
}

function encodeTag(number: number, wireType: number): Buffer {
  return encodeVarint(number * 8 + wireType)
}

/** Seconds since the epoch do not fit 32 bits for ever, so it divides instead of shifting. */
function encodeVarint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
