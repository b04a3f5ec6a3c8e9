import { GatewayError } from '../core/error.ts'
import type { Model } from '../core/model.ts'
import type { CallerIdentity } from '../upstream/rest-call.ts'
import type { Clock } from '../util/clock.ts'
import { attempt, type AttemptParts, type AttemptPlan, type OpenAttempt } from './attempt.ts'
import { identify } from './identify.ts'

export interface VideoAccountParts extends AttemptParts {
  readonly videoModel: Model
  readonly clock: Clock
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface VideoAccountOptions {
  readonly jobId: string
  readonly signal: AbortSignal
  /** The account that has the video, once there is one. */
  readonly find: () => number | undefined
}

export interface VideoAttempt {
  /** Only the account that has the video will do. */
  readonly isBound: boolean
  readonly mayRepeat: () => boolean
}

/** How long the account of a video is waited for while it is busy or resting. */
const WAIT_MS = 10 * 60 * 1000
const PAUSE_MS = 2_000

/** The account of a video: everything goes through the attempt loop, and what belongs to an account waits for it. */
export class VideoAccount {
  readonly #parts: VideoAccountParts
  readonly #options: VideoAccountOptions

  constructor(parts: VideoAccountParts, options: VideoAccountOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Runs `open` as an account; where the video is bound to one, as that one, as soon as it is free. */
  async *attempt<Item>(
    { isBound, mayRepeat }: VideoAttempt,
    open: OpenAttempt<Item>,
  ): AsyncGenerator<readonly Item[]> {
    const { clock, pause } = this.#parts
    const { signal } = this.#options
    const until = clock() + WAIT_MS
    for (;;) {
      try {
        yield* attempt(this.#parts, this.#plan(isBound, mayRepeat), open)
        return
      } catch (thrown) {
        const isBusy = thrown instanceof GatewayError && thrown.code === 'no_account'
        if (!isBusy || !isBound || clock() > until) throw thrown
        await pause(PAUSE_MS, signal)
      }
    }
  }

  /** Does something as the account that has the video. */
  async use<Value>(work: (identity: CallerIdentity) => Promise<Value>): Promise<Value> {
    const { signal } = this.#options
    const stream = this.attempt({ isBound: true, mayRepeat: () => false }, async function* (leased) {
      yield [{ value: await work(identify(leased, signal)) }]
    })
    // only after the end of the stream is the account given back, and with a good word
    let result: { readonly value: Value } | undefined
    for await (const [first] of stream) result ??= first
    if (!result) throw new GatewayError('internal', 'Nothing came of the work.')
    return result.value
  }

  #plan(isBound: boolean, mayRepeat: () => boolean): AttemptPlan {
    const { jobId, signal, find } = this.#options
    return {
      model: this.#parts.videoModel,
      requestId: jobId,
      signal,
      preferAccountId: find(),
      mayRepeat,
      ...(isBound && { mustPrefer: true }),
    }
  }
}
