import { GatewayError } from '../core/error.ts'
import type { InFlightStore } from '../store/contract.ts'
import type { Clock } from '../util/clock.ts'
import type { InFlightGate } from './lease.ts'

/** How long what a process holds counts without a sign of life. */
const HOLD_MS = 15_000

/** Pause between two signs of life, so that two may fail before the counts lapse. */
export const GATE_PAUSE_SECONDS = 5

/** A gate over the shared store, and its sign of life. */
export interface SharedGate extends InFlightGate {
  /** Call it every `GATE_PAUSE_SECONDS`. */
  beat(): Promise<void>
}

/**
 * Counts requests in flight in the store that all processes share. If it cannot be reached, requests are refused rather
 * than let an account have more than its cap.
 */
export function createSharedGate(store: InFlightStore, holder: string, clock: Clock): SharedGate {
  const hold = () => ({ holder, until: clock() + HOLD_MS })
  return {
    enter: async (accountId, cap) => {
      try {
        return await store.enter(accountId, cap, hold(), clock())
      } catch (error) {
        throw new GatewayError('unavailable', 'The shared store of this gateway cannot be reached.', {
          cause: error,
        })
      }
    },
    leave: (accountId) => store.leave(accountId, holder),
    beat: () => store.beat(hold(), clock()),
  }
}
