import type { BaseClip } from './clips.ts'

/** Units per second; 1/24 s is a whole number of them. */
const TIMESCALE = 1200
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]
const PIXELS_PER_INCH = 0x480000
const TRACK_ID = 1
const TRACK_ENABLED_IN_MOVIE = 3
const SAMPLE_SECONDS = 1

/**
 * A playable MP4 (ISO 14496-12) of one H.264 track: the two frames of the base clip take turns, a second each, for `seconds`.
 * The note goes into a `free` box, so that clips of different prompts have different bytes.
 */
export function writeMp4(clip: BaseClip, seconds: number, note: string): Uint8Array<ArrayBuffer> {
  const duration = Math.round(seconds * TIMESCALE)
  const samples = samplesOf(clip, duration)
  const head = box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2avc1mp41', 'latin1'))
  const free = box('free', Buffer.from(note))
  // The table of offsets has the same size whatever the offset is.
  const mdatOffset = head.length + movie(clip, duration, samples, 0).length + free.length + 8
  const moov = movie(clip, duration, samples, mdatOffset)
  const mdat = box('mdat', ...samples.map(({ bytes }) => bytes))
  return new Uint8Array(Buffer.concat([head, moov, free, mdat]))
}

interface Sample {
  readonly bytes: Buffer
  readonly duration: number
}

function samplesOf({ frames }: BaseClip, duration: number): readonly Sample[] {
  const step = SAMPLE_SECONDS * TIMESCALE
  return Array.from({ length: Math.max(1, Math.ceil(duration / step)) }, (_, index) => ({
    bytes: frames[index % frames.length] ?? Buffer.alloc(0),
    duration: Math.min(step, duration - index * step),
  }))
}

function movie(clip: BaseClip, duration: number, samples: readonly Sample[], mdatOffset: number): Buffer {
  const { width, height } = clip
  const movieHeader = fullBox(
    'mvhd',
    0,
    numbers32(0, 0, TIMESCALE, duration, 0x10000),
    numbers16(0x100, 0),
    numbers32(0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, TRACK_ID + 1),
  )
  const trackHeader = fullBox(
    'tkhd',
    TRACK_ENABLED_IN_MOVIE,
    numbers32(0, 0, TRACK_ID, 0, duration, 0, 0),
    numbers16(0, 0, 0, 0),
    numbers32(...MATRIX, width << 16, height << 16),
  )
  const mediaHeader = fullBox('mdhd', 0, numbers32(0, 0, TIMESCALE, duration), numbers16(0x55c4, 0))
  const handler = fullBox(
    'hdlr',
    0,
    numbers32(0),
    Buffer.from('vide'),
    numbers32(0, 0, 0),
    Buffer.from('video\0'),
  )
  const dataReference = box('dinf', fullBox('dref', 0, numbers32(1), fullBox('url ', 1)))
  const information = box(
    'minf',
    fullBox('vmhd', 1, numbers16(0, 0, 0, 0)),
    dataReference,
    sampleTable(clip, samples, mdatOffset),
  )
  return box('moov', movieHeader, box('trak', trackHeader, box('mdia', mediaHeader, handler, information)))
}

/** All samples lie in one chunk, and each is a key frame. */
function sampleTable(clip: BaseClip, samples: readonly Sample[], mdatOffset: number): Buffer {
  const durations = samples.flatMap(({ duration }) => [1, duration])
  const sizes = samples.map(({ bytes }) => bytes.length)
  return box(
    'stbl',
    fullBox('stsd', 0, numbers32(1), sampleEntry(clip)),
    fullBox('stts', 0, numbers32(samples.length, ...durations)),
    fullBox('stsc', 0, numbers32(1, 1, samples.length, 1)),
    fullBox('stsz', 0, numbers32(0, samples.length, ...sizes)),
    fullBox('stco', 0, numbers32(1, mdatOffset)),
  )
}

function sampleEntry({ width, height, sps, pps }: BaseClip): Buffer {
  const configuration = Buffer.concat([
    Buffer.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]),
    numbers16(sps.length),
    sps,
    Buffer.from([1]),
    numbers16(pps.length),
    pps,
  ])
  return box(
    'avc1',
    numbers16(0, 0, 0, 1, 0, 0),
    numbers32(0, 0, 0),
    numbers16(width, height),
    numbers32(PIXELS_PER_INCH, PIXELS_PER_INCH, 0),
    numbers16(1),
    Buffer.alloc(32),
    numbers16(24, 0xffff),
    box('avcC', configuration),
  )
}

function fullBox(type: string, flags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, numbers32(flags), ...parts)
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 8)
  return Buffer.concat([numbers32(size), Buffer.from(type, 'latin1'), ...parts])
}

function numbers32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

function numbers16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}
