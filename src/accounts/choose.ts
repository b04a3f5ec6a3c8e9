import type { Mode } from '../core/model.ts'
import { inFlightCap, type SelectionRules } from './eligibility.ts'
import type { ReadySet } from './ready-set.ts'
import { score } from './score.ts'
import type { Slot } from './slot.ts'

/** How many candidates the `quota` strategy compares; more costs time and sends more traffic to the same best few. */
const SAMPLE_SIZE = 4

export interface ChooseOptions {
  readonly mode: Mode
  readonly rules: SelectionRules
  /** Accounts that this request has tried already. */
  readonly exclude: ReadonlySet<number>
  readonly now: number
  /** A number in [0, 1). */
  readonly random: () => number
}

/**
 * Picks a slot from a ready set: the best of a few neighbours at a random place (`quota`), or the one at a random place
 * (`random`). It looks at `SAMPLE_SIZE` slots plus the excluded ones at most, whatever the size of the pool.
 */
export function choose(ready: ReadySet, options: ChooseOptions): Slot | undefined {
  const { mode, rules, exclude, now, random } = options
  const wanted = rules.strategy === 'quota' ? SAMPLE_SIZE : 1
  const start = Math.floor(random() * ready.size)
  const steps = Math.min(ready.size, wanted + exclude.size)
  let best: Slot | undefined
  let bestScore = -1
  let seen = 0
  for (let step = 0; step < steps && seen < wanted; step++) {
    const slot = ready.at((start + step) % ready.size)
    if (exclude.has(slot.account.id)) continue
    seen++
    const load = { inFlight: slot.inFlight, cap: inFlightCap(slot.account, rules) }
    const slotScore = score(slot.account, mode, load, now)
    if (slotScore <= bestScore) continue
    best = slot
    bestScore = slotScore
  }
  return best
}
