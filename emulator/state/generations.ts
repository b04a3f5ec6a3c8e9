/** A picture, an edit or a clip that was asked for, as the control route shows it. */
export interface Generation {
  /** Also the asset id, and the `videoId` of a clip. */
  readonly id: string
  readonly kind: 'image' | 'image-edit' | 'video'
  /** `socket`: Imagine; `v2` and `v3`: the two bodies of E2, spec/upstream-media.md §8 and §9. */
  readonly dialect: 'socket' | 'v2' | 'v3'
  /** The token of the account. */
  readonly account: string
  readonly userId: string
  readonly prompt: string
  /** The words of the call as they came, with the flag that says how to read them. */
  readonly message: string
  readonly conversationId: string | null
  /** The post of the result itself, the `videoPostId` of a clip. */
  readonly postId: string
  readonly parentPostId: string | null
  readonly extendPostId: string | null
  /** `videoExtensionStartTime` of an extension. */
  readonly startTime: number | null
  /** Seconds of this segment; null for pictures. */
  readonly length: number | null
  /** Seconds of the clip with everything that it was stitched to; null for pictures. */
  readonly totalLength: number | null
  readonly ratio: string
  readonly resolution: string | null
  /** What the call referred to, as it was written there: addresses or file ids. */
  readonly references: readonly string[]
  /** The paths of the finished files on the asset host. */
  readonly paths: readonly string[]
  readonly createdAt: number
  /** When it is done, whether a client waits or not. */
  readonly finishesAt: number
  /** How it ends at that time. */
  readonly ending: Exclude<GenerationState, 'running'>
}

/** How far a generation is. */
export type GenerationState = 'running' | 'finished' | 'moderated' | 'failed'

/** What has to be done when a generation comes to its end: its files are put in place. */
export type Finish = () => void

interface Entry {
  generation: Generation
  finish: Finish | null
}

const MAX_GENERATIONS = 10_000

/**
 * Every generation since the start. They end by the clock and not by their stream: nobody needs to listen. No timer runs;
 * whoever looks at the table first brings it up to date.
 */
export class GenerationTable {
  readonly #now: () => number
  #entries: Entry[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Adds a generation; `finish` is called once, when its time has come and someone looks. */
  add(generation: Generation, finish: Finish): void {
    this.#entries.push({ generation, finish })
    if (this.#entries.length > MAX_GENERATIONS) this.#entries.shift()
  }

  /** All of them, oldest first, brought up to date. */
  list(): readonly Generation[] {
    this.settle()
    return this.#entries.map(({ generation }) => generation)
  }

  /** Its state now. */
  stateOf(generation: Generation): GenerationState {
    return this.#now() >= generation.finishesAt ? generation.ending : 'running'
  }

  /** The finished ones that pass, oldest first. */
  finished(keep: (generation: Generation) => boolean): readonly Generation[] {
    return this.list().filter((one) => this.stateOf(one) === 'finished' && keep(one))
  }

  /** Puts the files of those in place whose time has come. */
  settle(): void {
    for (const entry of this.#entries) {
      if (entry.finish === null || this.stateOf(entry.generation) === 'running') continue
      const { finish } = entry
      entry.finish = null
      finish()
    }
  }

  /** Ends one now, because its stream says so: timers may fire a little early, and tests may hold the clock. */
  complete(id: string): void {
    for (const entry of this.#entries) {
      const { generation } = entry
      if (generation.id !== id) continue
      const finishesAt = Math.min(generation.finishesAt, this.#now())
      entry.generation = { ...generation, finishesAt }
    }
    this.settle()
  }

  /** Forgets all. */
  clear(): void {
    this.#entries = []
  }
}
