import type { ChatEvent } from '../core/chat-event.ts'
import type { ConversationPlace } from './chat-call.ts'
import { appendAnswer, splitLastTurn } from './prompt.ts'

/** Places that are remembered; the ones that were not used for the longest are forgotten. */
const MAX_PLACES = 10_000

/** A place of an account, and what is new since then. */
export interface KnownPlace {
  readonly accountId: number
  readonly place: ConversationPlace
  readonly turn: string
}

interface Asked {
  readonly prompt: string
  readonly accountId: number
}

/**
 * Remembers where the upstream keeps conversations (spec/upstream-chat.md §3.2.6). A place is found again by all that was
 * said up to it, so that whoever says the same goes on at the same point, and whoever changes a word begins anew.
 */
export class ConversationPlaces {
  readonly #places = new Map<string, Omit<KnownPlace, 'turn'>>()

  /** Where a conversation goes on whose whole prompt is given. */
  find(prompt: string): KnownPlace | undefined {
    const split = splitLastTurn(prompt)
    if (!split) return undefined
    const key = keyOf(split.before)
    const known = this.#places.get(key)
    if (!known) return undefined
    this.#places.delete(key)
    this.#places.set(key, known)
    return { ...known, turn: split.turn }
  }

  /** Passes an answer on, and remembers where it can go on once it is complete. */
  async *noting(
    open: (onPlaced: (place: ConversationPlace) => void) => AsyncGenerator<readonly ChatEvent[]>,
    { prompt, accountId }: Asked,
  ): AsyncGenerator<readonly ChatEvent[]> {
    let answer = ''
    let place: ConversationPlace | undefined
    const stream = open((given) => {
      place = given
    })
    for await (const batch of stream) {
      for (const event of batch) if (event.type === 'text-delta') answer += event.text
      // before the last batch goes on: the caller may be back with the next turn at once
      if (place) this.#keep(appendAnswer(prompt, answer), { accountId, place })
      yield batch
    }
  }

  #keep(said: string, known: Omit<KnownPlace, 'turn'>): void {
    this.#places.set(keyOf(said), known)
    const oldest = this.#places.keys().next()
    if (this.#places.size > MAX_PLACES && oldest.done !== true) this.#places.delete(oldest.value)
  }
}

function keyOf(said: string): string {
  return new Bun.CryptoHasher('sha256').update(said).digest('base64')
}
