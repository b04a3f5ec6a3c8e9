import { encodeFrame, type Frame } from '../answers/frame.ts'
import type { Framing } from '../state/behaviour.ts'
import { seededRandom } from '../state/random.ts'
import type { DeliveryPlan, Stop } from './plan.ts'

/** One write to the connection. */
export interface Write {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Frames whose last byte is in this write. */
  readonly frames: number
}

/** A body as writes, and how it ends after them. */
export interface EncodedBody {
  readonly writes: readonly Write[]
  readonly end: 'close' | 'stall' | 'reset'
}

const encoder = new TextEncoder()

/** Turns frames into writes as the plan says: framing, stop, then grouping or cutting. */
export function encodeBody(frames: readonly Frame[], plan: DeliveryPlan): EncodedBody {
  const pieces = frames.map((frame) => ({
    bytes: encoder.encode(encodeLine(frame, plan.framing)),
    frames: 1,
  }))
  if (plan.framing.done) {
    pieces.push({ bytes: encoder.encode(doneLine(plan.framing)), frames: 0 })
  }
  return encodePieces(pieces, plan)
}

/** The same for a body that is no stream of frames, such as a JSON answer: it counts as one frame. */
export function encodeBytes(bytes: Uint8Array<ArrayBuffer>, plan: DeliveryPlan): EncodedBody {
  return encodePieces([{ bytes, frames: 1 }], plan)
}

function encodePieces(pieces: readonly Write[], plan: DeliveryPlan): EncodedBody {
  const kept = plan.stop === null ? pieces : stopPieces(pieces, plan.stop)
  const { cutBytes } = plan.framing
  const writes = cutBytes === null ? groupWrites(kept, plan.framesPerWrite) : cutWrites(kept, cutBytes)
  return { writes, end: plan.stop?.how ?? 'close' }
}

function encodeLine(frame: Frame, framing: Framing): string {
  const text = framing.dataPrefix ? `data: ${encodeFrame(frame)}` : encodeFrame(frame)
  // A raw frame is the torn last line of T7: nothing follows it.
  return framing.newline && frame.role !== 'raw' ? `${text}\n` : text
}

function doneLine(framing: Framing): string {
  return `${framing.dataPrefix ? 'data: ' : ''}[DONE]${framing.newline ? '\n' : ''}`
}

function stopPieces(pieces: readonly Write[], stop: Stop): readonly Write[] {
  if (stop.atByte !== undefined) return firstBytes(pieces, stop.atByte)
  const kept = pieces.slice(0, stop.afterFrames)
  const next = pieces[stop.afterFrames]
  if (!stop.insideFrame || next === undefined) return kept
  return [...kept, { bytes: next.bytes.slice(0, Math.ceil(next.bytes.length / 2)), frames: 0 }]
}

function firstBytes(pieces: readonly Write[], count: number): readonly Write[] {
  const kept: Write[] = []
  let left = count
  for (const piece of pieces) {
    if (left <= 0) break
    const whole = piece.bytes.length <= left
    kept.push(whole ? piece : { bytes: piece.bytes.slice(0, left), frames: 0 })
    left -= piece.bytes.length
  }
  return kept
}

function groupWrites(pieces: readonly Write[], framesPerWrite: number): readonly Write[] {
  if (framesPerWrite === 1) return pieces
  const writes: Write[] = []
  for (let index = 0; index < pieces.length; index += framesPerWrite) {
    writes.push(joinPieces(pieces.slice(index, index + framesPerWrite)))
  }
  return writes
}

function joinPieces(pieces: readonly Write[]): Write {
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
  const frames = pieces.reduce((sum, piece) => sum + piece.frames, 0)
  return { bytes: new Uint8Array(bytes), frames }
}

function cutWrites(pieces: readonly Write[], cut: NonNullable<Framing['cutBytes']>): readonly Write[] {
  const { bytes } = joinPieces(pieces)
  const random = seededRandom(cut.seed)
  const ends = frameEnds(pieces)
  const writes: Write[] = []
  let start = 0
  let ended = 0
  while (start < bytes.length) {
    const size = cut.minBytes + Math.floor(random() * (cut.maxBytes - cut.minBytes + 1))
    const end = Math.min(bytes.length, start + size)
    const before = ended
    while ((ends[ended] ?? Infinity) <= end) ended += 1
    writes.push({ bytes: bytes.slice(start, end), frames: ended - before })
    start = end
  }
  return writes
}

function frameEnds(pieces: readonly Write[]): readonly number[] {
  const ends: number[] = []
  let position = 0
  for (const piece of pieces) {
    position += piece.bytes.length
    if (piece.frames > 0) ends.push(position)
  }
  return ends
}
