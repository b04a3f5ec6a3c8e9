/** Marks what this gateway has written, so that another service's is told apart. */
const MARK = 'g2a1.'

/** Packs a summary as the opaque text of a compaction item. It is the caller's own: it need not be hidden from them. */
export function packSummary(summary: string): string {
  return MARK + Buffer.from(summary, 'utf8').toString('base64url')
}

/** The summary of a compaction item; undefined if the item is not one of ours. */
export function unpackSummary(packed: string): string | undefined {
  if (!packed.startsWith(MARK)) return undefined
  const summary = Buffer.from(packed.slice(MARK.length), 'base64url').toString('utf8')
  return summary === '' ? undefined : summary
}
