/** What the tables of an MP4 say of its length and size. */
export function mp4Facts(bytes: Uint8Array): { seconds: number; width: number; height: number } {
  const buffer = Buffer.from(bytes)
  // Behind the type of a box: version and flags, two times, then timescale and duration.
  const movie = buffer.indexOf('mvhd') + 4
  const seconds = buffer.readUInt32BE(movie + 16) / buffer.readUInt32BE(movie + 12)
  const track = buffer.indexOf('tkhd') + 4
  return { seconds, width: buffer.readUInt16BE(track + 76), height: buffer.readUInt16BE(track + 80) }
}
