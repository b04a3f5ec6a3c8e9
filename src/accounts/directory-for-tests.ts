import { accountForTests, NOW } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import type { ServedMode, Tier } from '../core/model.ts'
import { AccountDirectory, type Reservation } from './directory.ts'
import type { Strategy } from './eligibility.ts'
import type { Outcome } from './feedback.ts'
import type { Shortfall } from './shortfall.ts'
import type { Slot } from './slot.ts'
import type { ChangeKind } from './write-behind.ts'

/** For tests: numbers in [0, 1) that look random and are the same in every run. */
export function seededRandom(seed = 1): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** What a test may ask of a directory, in short. */
export interface TestQuery {
  readonly mode?: ServedMode
  readonly tier?: Tier
  readonly exclude?: readonly number[]
}

/** For tests: a directory with a clock that stands still until it is moved, and a list of what changed. */
export class DirectoryForTests {
  now = NOW
  readonly changed: Slot[] = []
  /** What each of these changes was about. */
  readonly kinds: ChangeKind[] = []
  readonly directory: AccountDirectory

  constructor(accounts: readonly Account[], strategy: Strategy = 'quota', maxInFlight = 8) {
    this.directory = new AccountDirectory({
      rules: { strategy, maxInFlight },
      clock: () => this.now,
      random: seededRandom(),
      onChange: (slot, kind) => {
        this.changed.push(slot)
        this.kinds.push(kind)
      },
    })
    this.directory.upsert(accounts)
  }

  reserve({ mode = 'fast', tier = 'basic', exclude = [] }: TestQuery = {}): Reservation | undefined {
    return this.directory.reserve({ modes: [mode], tiers: [tier], exclude: new Set(exclude) })
  }

  /** Why nothing can be reserved. */
  shortfall({ mode = 'fast', tier = 'basic' }: TestQuery = {}): Shortfall {
    return this.directory.shortfall({ modes: [mode], tiers: [tier], exclude: new Set() })
  }

  /** Reserves until there is nothing more. */
  reserveAll(query: TestQuery = {}): Reservation[] {
    const taken: Reservation[] = []
    for (let next = this.reserve(query); next; next = this.reserve(query)) taken.push(next)
    return taken
  }

  settle(reservation: Reservation, outcome: Outcome, served = true): Account {
    return this.directory.settle(reservation, outcome, { served, mayPenalise: true })
  }

  /** The account as the directory knows it. */
  account(id: number): Account {
    return this.directory.find(id) ?? accountForTests({ id, state: { status: 'deleted', cause: NOBODY } })
  }
}

const NOBODY = { code: 'operator', evidence: 'not in the directory', at: NOW } as const

/** For tests: an outcome of the given code. */
export function failureForTests(code: (Outcome & { type: 'failure' })['code']): Outcome {
  return { type: 'failure', code, evidence: 'seen' }
}
