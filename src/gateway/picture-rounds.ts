import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError, toGatewayError } from '../core/error.ts'
import type { ImageRequest } from '../core/image-request.ts'
import type { PictureEvent } from '../core/media.ts'
import { ambiguousFailures, attempt, type AttemptParts } from './attempt.ts'
import type { LoadedFile } from './attachments.ts'
import type { Caller } from './chat.ts'
import { deliverPictures, type DeliveryParts, type ImageEvent, type PictureForm } from './deliver-pictures.ts'
import { identify } from './identify.ts'
import { openRound, type PictureSourceParts } from './picture-source.ts'

export interface RoundParts extends AttemptParts, PictureSourceParts, DeliveryParts {}

/** Who asks. */
export type PictureCaller = Pick<Caller, 'requestId' | 'signal' | 'preferAccountId'>

/** Pictures that are to be made, for whom, and how they are given. */
export interface PictureOrder {
  readonly request: ImageRequest
  readonly references: readonly LoadedFile[]
  readonly form: PictureForm
  readonly caller: PictureCaller
  /** Whether one of the rounds, of which some may run side by side, has counted against an account already. */
  readonly blame: { isSpent: boolean }
  /** An account began to work. */
  readonly onServed: (accountId: number) => void
}

/** Why the pictures that are still wanted do not come; the last event of rounds that did not make them all. */
export interface RoundsFailed {
  readonly type: 'rounds-failed'
  readonly failure: GatewayError
}

/** Times that the upstream is asked for the pictures of a request in all, over all accounts. */
export const MAX_ROUNDS = 3
/** The pause before the second round; it doubles. */
const BACK_OFF_MS = 500

/**
 * Makes pictures in rounds: a round that breaks after it has begun, or that makes fewer than were asked for, is followed
 * by another for those that are still wanted, up to a bound. What was withheld stays withheld: no round goes around it.
 * It throws only when the caller leaves.
 */
export async function* runRounds(
  parts: RoundParts,
  order: PictureOrder,
  count: number,
): AsyncGenerator<readonly (ImageEvent | RoundsFailed)[]> {
  const wanted = new WantedPictures(count, order.request.previews)
  const budget = { left: MAX_ROUNDS }
  let failure: GatewayError | undefined
  let servedBy: number | undefined
  const onServed = (accountId: number): void => {
    budget.left--
    servedBy = accountId
    order.onServed(accountId)
  }
  for (let round = 0; round < MAX_ROUNDS && wanted.size > 0 && budget.left > 0; round++) {
    let hasBegun = false
    try {
      if (round > 0) await pause(BACK_OFF_MS * 2 ** (round - 1), undefined, { signal: order.caller.signal })
      // a round that went well is best followed by another with the same account
      const preferAccountId = failure === undefined ? (servedBy ?? order.caller.preferAccountId) : undefined
      const mayRepeat = (): boolean => budget.left > 0
      for await (const batch of openAttempts(parts, order, {
        wanted,
        preferAccountId,
        mayRepeat,
        onServed,
      })) {
        hasBegun = true
        yield batch
      }
      failure = undefined
    } catch (thrown) {
      if (order.caller.signal.aborted) throw left(thrown)
      const next = toGatewayError(thrown)
      if (ambiguousFailures.has(next.code)) order.blame.isSpent = true
      // that nobody else is left says less than what went wrong before
      failure = next.code === 'no_account' && failure ? failure : next
      // what failed before it began has been tried with other accounts already
      if (!hasBegun || next.retry === 'never') break
    }
  }
  if (wanted.size > 0) yield [{ type: 'rounds-failed', failure: failure ?? tooFew() }]
}

interface RoundState {
  readonly wanted: WantedPictures
  readonly preferAccountId: number | undefined
  readonly mayRepeat: () => boolean
  readonly onServed: (accountId: number) => void
}

/** One round, over as many accounts as it takes until one begins. */
function openAttempts(
  parts: RoundParts,
  { request, references, form, caller, blame }: PictureOrder,
  { wanted, preferAccountId, mayRepeat, onServed }: RoundState,
): AsyncGenerator<readonly ImageEvent[]> {
  const { signal } = caller
  const mayPenalise = !blame.isSpent
  const plan = { model: request.model, ...caller, preferAccountId, mayRepeat, mayPenalise }
  return attempt(parts, plan, async function* (leased) {
    const { lease } = leased
    const identity = identify(leased, signal)
    const served = (): void => {
      lease.markServed()
      onServed(lease.accountId)
    }
    const places = wanted.places
    const round = { request, references, count: places.length, signal, onServed: served }
    for await (const batch of openRound(parts, leased, round)) {
      const delivered = await deliverPictures(parts, wanted.place(batch, places), { form, identity })
      // a picture that could not be brought here is still wanted
      for (const event of delivered) wanted.settle(event)
      yield delivered
    }
  })
}

/** The pictures of a request that are neither there nor withheld, and how far they have come over all rounds. */
class WantedPictures {
  readonly #wanted: Set<number>
  readonly #percents = new Map<number, number>()
  readonly #previews = new Map<number, number>()
  readonly #maxPreviews: number

  constructor(count: number, maxPreviews: number) {
    this.#wanted = new Set(Array.from({ length: count }, (_, index) => index))
    this.#maxPreviews = maxPreviews
  }

  get size(): number {
    return this.#wanted.size
  }

  /** Which pictures of the request the next round makes, in order. */
  get places(): readonly number[] {
    return [...this.#wanted]
  }

  /** The events of a round by their place in the request; those that tell nothing new are left out. */
  place(batch: readonly PictureEvent[], places: readonly number[]): readonly PictureEvent[] {
    return batch.flatMap((event) => {
      const index = places[event.index]
      return index !== undefined && this.#isNews(event, index) ? [{ ...event, index }] : []
    })
  }

  #isNews(event: PictureEvent, index: number): boolean {
    if (event.type === 'picture-progress') {
      const isFurther = event.percent > (this.#percents.get(index) ?? 0)
      if (isFurther) this.#percents.set(index, event.percent)
      return isFurther
    }
    if (event.type === 'picture-preview') {
      const shown = this.#previews.get(index) ?? 0
      this.#previews.set(index, shown + 1)
      return shown < this.#maxPreviews
    }
    return this.#wanted.has(index)
  }

  /** A picture that is here, or that was withheld, is not wanted any more. */
  settle({ type, index }: ImageEvent): void {
    if (type === 'picture' || type === 'picture-withheld') this.#wanted.delete(index)
  }
}

function tooFew(): GatewayError {
  return new GatewayError('upstream_unavailable', 'The upstream made fewer pictures than were asked for.')
}

function left(cause: unknown): GatewayError {
  return new GatewayError('client_closed', 'The client left.', { cause })
}
