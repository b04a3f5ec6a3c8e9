import type { Account } from '../core/account.ts'
import type { Mode } from '../core/model.ts'
import { decidingWindow, remainingAt } from '../core/quota.ts'
import { healthAt } from './feedback.ts'

/** Weights of the terms; each term lies between 0 and 1, so that none can drown the others. */
const WEIGHT = { health: 0.45, quota: 0.25, load: 0.2, rest: 0.1 } as const

/** An account that was not used for this long counts as fully rested. */
const FULL_REST_MS = 15_000

/** What the score needs to know beside the account. */
export interface Load {
  readonly inFlight: number
  readonly cap: number
}

/** How good a choice an account is, 0 to 1 (spec/control-plane.md §13.2 item 8). */
export function score(account: Account, mode: Mode, load: Load, now: number): number {
  const window = decidingWindow(account, mode)
  const remaining = window && window.total > 0 ? remainingAt(window, now) / window.total : 0
  const rest =
    account.lastUsedAt === null ? 1 : Math.min(1, Math.max(0, now - account.lastUsedAt) / FULL_REST_MS)
  return (
    WEIGHT.health * healthAt(account, now) +
    WEIGHT.quota * Math.min(1, remaining) +
    WEIGHT.load * (1 - load.inFlight / load.cap) +
    WEIGHT.rest * rest
  )
}
