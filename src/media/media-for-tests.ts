import type { Log } from '../util/log.ts'

/** For tests: a picture of one pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
)

/** For tests: the boxes of a film without a picture in it; the second box may be another than its description. */
export function mp4(second = 'moov'): Buffer {
  return Buffer.concat([
    box('ftyp', 'isom\0\0\0\0isomavc1'),
    box(second, 'x'.repeat(40)),
    box('mdat', 'y'.repeat(100)),
  ])
}

/** For tests: a log that nobody reads. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function box(name: string, content: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(8 + content.length)
  return Buffer.concat([length, Buffer.from(name + content, 'latin1')])
}
