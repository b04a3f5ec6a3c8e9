/** Lets go of the entry that was put in longest ago, if there are more than `maxSize`. */
export function dropOldest<Key>(known: Map<Key, unknown> | Set<Key>, maxSize: number): void {
  if (known.size <= maxSize) return
  for (const oldest of known.keys()) {
    known.delete(oldest)
    return
  }
}
