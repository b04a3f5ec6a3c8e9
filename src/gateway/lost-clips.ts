import { toGatewayError } from '../core/error.ts'
import type { FoundClip } from '../upstream/video/find-clips.ts'
import type { Clock } from '../util/clock.ts'
import type { RecordedClip } from './video-steps.ts'

/** Pause between two looks (spec/upstream-media.md §9.4). */
const PAUSE_MS = 3_000

/** How long a clip that is being made is waited for. */
const MAX_MAKING_MS = 20 * 60 * 1000

/** A clip that nobody has seen for this many times the longest silence was never begun. */
const ABSENT_FACTOR = 3

/** Where a clip begins is told with a frame's length more than its predecessors have. */
const START_TOLERANCE_SECONDS = 0.5

export interface LostClipsOptions {
  readonly clock: Clock
  readonly pause: (ms: number) => Promise<void>
  /** The longest silence of a stream. */
  readonly idleSeconds: number
  /** Where the clip begins in the whole video. */
  readonly startSeconds: number
  /** All clips of the video that the upstream has. */
  readonly look: () => Promise<readonly FoundClip[] | undefined>
}

/** Looks for a clip whose stream was lost, until it is there or certainly was never begun. */
export class LostClips {
  readonly #options: LostClipsOptions

  constructor(options: LostClipsOptions) {
    this.#options = options
  }

  /** The finished clip; undefined if the upstream has never begun it. */
  async find(): Promise<RecordedClip | undefined> {
    const { clock, pause, idleSeconds } = this.#options
    const startedAt = clock()
    const absentMs = idleSeconds * 1000 * ABSENT_FACTOR
    let isBeingMade = false
    for (;;) {
      const found = (await this.#look())?.find((clip) => this.#isMeant(clip))
      if (found?.clip) return found.clip
      isBeingMade ||= found !== undefined
      const waitedMs = clock() - startedAt
      if (waitedMs > (isBeingMade ? MAX_MAKING_MS : absentMs)) return undefined
      await pause(Math.min(PAUSE_MS, absentMs))
    }
  }

  /** What the upstream shows now; while it fails, nothing is seen, and the time runs on. */
  async #look(): Promise<readonly FoundClip[] | undefined> {
    try {
      return await this.#options.look()
    } catch (thrown) {
      if (toGatewayError(thrown).retry === 'other-account') return undefined
      throw thrown
    }
  }

  #isMeant({ startSeconds }: FoundClip): boolean {
    return Math.abs(startSeconds - this.#options.startSeconds) < START_TOLERANCE_SECONDS
  }
}
