/** One event of a response's stream, ready for the wire: an SSE frame or a WebSocket message is made of it. */
export interface WireEvent {
  readonly type: string
  /** One JSON object on one line. */
  readonly json: string
}

/** Numbers the events of one response and gathers them until they are taken. */
export class EventWriter {
  #sequence = 0
  #events: WireEvent[] = []
  #isMuted = false

  /** From now on nothing is written: what the events come to is all that is wanted. */
  mute(): void {
    this.#isMuted = true
  }

  add(type: string, fields: object): void {
    if (this.#isMuted) return
    const json = JSON.stringify({ type, sequence_number: this.#sequence++, ...fields })
    this.#events.push({ type, json })
  }

  /** Adds a piece of text; `rest` is what is the same in every piece, as JSON without its braces. */
  addDelta(type: string, rest: string, delta: string): void {
    if (this.#isMuted) return
    // nearly all of a stream are these, so they are put together from ready-made pieces
    const json = `{"type":"${type}","sequence_number":${this.#sequence++},${rest},"delta":${JSON.stringify(delta)}}`
    this.#events.push({ type, json })
  }

  /** The events since the last call. */
  take(): WireEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}

/** An event as a frame of an SSE stream. */
export function encodeFrame({ type, json }: WireEvent): string {
  return `event: ${type}\ndata: ${json}\n\n`
}

/** Where an item stands in a response. */
export interface ItemPlace {
  readonly id: string
  readonly index: number
}

/** The start of every event inside an item. */
export function placeFields({ id, index }: ItemPlace) {
  return { item_id: id, output_index: index }
}

/** What is the same in every delta of one part, as {@link EventWriter.addDelta} takes it. */
export function deltaRest(fields: object): string {
  return JSON.stringify(fields).slice(1, -1)
}
