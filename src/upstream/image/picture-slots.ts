import type { MediaSource, PictureEvent } from '../../core/media.ts'

/** A finished picture as a stream tells of it. */
export interface FoundPicture {
  readonly source: MediaSource
  readonly upstreamUrl: string | null
}

interface Slot {
  /** The place in the request; undefined for pictures beyond what was asked for. */
  readonly index: number | undefined
  percent: number
  state: 'running' | 'done' | 'withheld'
}

/** Slots of one stream that are told apart; a server makes ten at most. */
const MAX_SLOTS = 64

/**
 * Follows the pictures of one stream from their first sign to their end, and gives each its place in the request. A server
 * may make more than were asked for: those stand in for pictures that it withheld.
 */
export class PictureSlots {
  readonly #needed: number
  readonly #slots = new Map<string, Slot>()
  readonly #urls = new Set<string>()
  /** Finished pictures beyond what was asked for, until a place becomes free. */
  readonly #spare: FoundPicture[] = []
  /** Places whose own picture was withheld. */
  readonly #free: number[] = []
  #done = 0

  constructor(needed: number) {
    this.#needed = needed
  }

  /** Whether all that was asked for is there. */
  get isDone(): boolean {
    return this.#done >= this.#needed
  }

  /** Whether nothing more can come of what was asked for. */
  get isOver(): boolean {
    return this.isDone || (this.#slots.size >= this.#needed && this.isSettled)
  }

  /** Whether every picture that was begun has ended. */
  get isSettled(): boolean {
    const slots = [...this.#slots.values()]
    return slots.length > 0 && slots.every(({ state }) => state !== 'running')
  }

  /** Whether no picture was finished or withheld. */
  get isEmpty(): boolean {
    return this.#done === 0 && this.#free.length === 0
  }

  /** A picture was begun, or has come so far; only what is new is told. */
  advance(key: string, percent: number, events: PictureEvent[]): void {
    const slot = this.#slot(key)
    const rounded = Math.min(99, Math.max(1, Math.trunc(percent)))
    if (!slot || slot.state !== 'running' || rounded <= slot.percent) return
    slot.percent = rounded
    if (slot.index !== undefined)
      events.push({ type: 'picture-progress', index: slot.index, percent: rounded })
  }

  preview(key: string, source: MediaSource, events: PictureEvent[]): void {
    const slot = this.#slot(key)
    if (slot?.state === 'running' && slot.index !== undefined)
      events.push({ type: 'picture-preview', index: slot.index, source })
  }

  /** A picture is finished; one that is known by its address is not a second one. */
  finish(key: string, picture: FoundPicture, events: PictureEvent[]): void {
    const slot = this.#slot(key)
    if (slot?.state !== 'running') return
    slot.state = 'done'
    const { upstreamUrl } = picture
    if (upstreamUrl !== null && this.#urls.has(upstreamUrl)) return
    if (upstreamUrl !== null) this.#urls.add(upstreamUrl)
    if (slot.index !== undefined) this.#tell(slot.index, picture, events)
    else this.#spare.push(picture)
    this.#fillFreePlaces(events)
  }

  /** A finished picture is named by its address alone: it is that of a slot that is still open, or one more. */
  finishListed(picture: FoundPicture, events: PictureEvent[]): void {
    const open = [...this.#slots].find(([, { state }]) => state === 'running')?.[0]
    const url = picture.upstreamUrl
    if (url !== null && !this.#urls.has(url)) this.finish(open ?? url, picture, events)
  }

  /** A picture was withheld. */
  withhold(key: string, events: PictureEvent[]): void {
    const slot = this.#slot(key)
    if (slot?.state !== 'running') return
    slot.state = 'withheld'
    if (slot.index === undefined) return
    this.#free.push(slot.index)
    this.#fillFreePlaces(events)
  }

  /** Nothing more comes: tells which pictures were withheld. */
  end(events: PictureEvent[]): void {
    for (const index of this.#free) events.push({ type: 'picture-withheld', index })
  }

  #slot(key: string): Slot | undefined {
    const known = this.#slots.get(key)
    if (known || this.#slots.size >= MAX_SLOTS) return known
    const index = this.#slots.size < this.#needed ? this.#slots.size : undefined
    const slot: Slot = { index, percent: 0, state: 'running' }
    this.#slots.set(key, slot)
    return slot
  }

  #fillFreePlaces(events: PictureEvent[]): void {
    while (this.#free.length > 0) {
      const picture = this.#spare.shift()
      const index = picture && this.#free.shift()
      if (index === undefined || !picture) return
      this.#tell(index, picture, events)
    }
  }

  #tell(index: number, { source, upstreamUrl }: FoundPicture, events: PictureEvent[]): void {
    this.#done++
    events.push({ type: 'picture-done', index, source, upstreamUrl })
  }
}
