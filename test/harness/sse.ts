/** One event of a stream, as it stood on the wire. */
export interface SseEvent {
  readonly event: string | null
  readonly data: string
}

/** All events of a body, and its comments. */
export async function readSse(response: Response): Promise<{ events: SseEvent[]; comments: string[] }> {
  const events: SseEvent[] = []
  const comments: string[] = []
  for (const block of (await response.text()).split('\n\n')) {
    if (block === '') continue
    const lines = block.split('\n')
    if (lines.every((line) => line.startsWith(':'))) comments.push(...lines)
    else {
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      events.push({ event: field('event') ?? null, data: field('data') ?? '' })
    }
  }
  return { events, comments }
}
