// Longer names are not typing mistakes of ours, and the bound keeps the comparison cheap whatever the input.
const COMPARED_LENGTH_LIMIT = 80
const FARTHEST_SHARE = 0.4

/** The known name a mistyped one most likely meant, if any is close enough to suggest. */
export function findNearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > COMPARED_LENGTH_LIMIT) return undefined
  let nearest: string | undefined
  let nearestDistance = Math.floor(name.length * FARTHEST_SHARE) + 1
  for (const candidate of known) {
    const distance = countEdits(name, candidate)
    if (distance < nearestDistance) {
      nearest = candidate
      nearestDistance = distance
    }
  }
  return nearest
}

// Levenshtein's distance, one row at a time.
function countEdits(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const removed = (previous[column] ?? 0) + 1
      const added = (current[column - 1] ?? 0) + 1
      current.push(Math.min(replaced, removed, added))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}
