import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { modes, servedModes, tiers, type ServedMode, type Tier } from '../core/model.ts'
import { DirectoryForTests, failureForTests } from './directory-for-tests.ts'
import type { Reservation } from './directory.ts'
import { availableFrom, inFlightCap, type SelectionRules } from './eligibility.ts'
import type { Outcome } from './feedback.ts'

const IDS = 5

type Step =
  | {
      readonly type: 'reserve'
      readonly mode: ServedMode
      readonly tier: Tier
      readonly exclude: readonly number[]
    }
  | { readonly type: 'settle'; readonly which: number; readonly outcome: Outcome; readonly served: boolean }
  | { readonly type: 'upsert'; readonly account: Account }
  | { readonly type: 'advance'; readonly milliseconds: number }
  | { readonly type: 'configure'; readonly rules: SelectionRules }
  | { readonly type: 'written' }

const usedModes = fc.constantFrom<ServedMode>('auto', 'fast')
const usedTiers = fc.constantFrom<Tier>('basic', 'super')
const cause = { code: 'operator', evidence: '', at: NOW } as const

const outcome = fc.constantFrom<Outcome>(
  { type: 'success' },
  { type: 'success' },
  { type: 'abandoned' },
  failureForTests('egress_rejected'),
  failureForTests('upstream_timeout'),
  failureForTests('rate_limited'),
  { type: 'failure', code: 'rate_limited', evidence: 'seen', retryAfterSeconds: 3 },
  failureForTests('content_policy'),
  failureForTests('credential_invalid'),
)

const quotaWindow = fc
  .record({ remaining: fc.nat(4), resetAt: fc.constantFrom(null, NOW + 2000, NOW + 50_000) })
  .map(({ remaining, resetAt }) => windowForTests(remaining, { total: 4, resetAt }))

const account = fc
  .record({
    id: fc.integer({ min: 1, max: IDS }),
    tier: usedTiers,
    quota: fc.record({ auto: quotaWindow, fast: quotaWindow, weekly: quotaWindow }, { requiredKeys: [] }),
    state: fc.constantFrom<Account['state']>(
      { status: 'active' },
      { status: 'active' },
      { status: 'cooling', until: NOW + 20_000, cause },
      { status: 'disabled', cause },
      { status: 'deleted', cause },
    ),
  })
  .map((changes) => accountForTests(changes))

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('reserve' as const),
      mode: usedModes,
      tier: usedTiers,
      exclude: fc.uniqueArray(fc.integer({ min: 1, max: IDS }), { maxLength: 2 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('settle' as const),
      which: fc.nat(),
      outcome,
      served: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('upsert' as const), account }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('advance' as const), milliseconds: fc.nat(30_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('configure' as const),
      rules: fc.record({
        strategy: fc.constantFrom('quota' as const, 'random' as const),
        maxInFlight: fc.integer({ min: 1, max: 4 }),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('written' as const) }) },
)

/** A directory, what is out of it, and the rules that hold. */
class Run {
  readonly test = new DirectoryForTests([], 'quota', 3)
  readonly outstanding: Reservation[] = []
  rules: SelectionRules = { strategy: 'quota', maxInFlight: 3 }
  #revision = 1

  apply(step: Step): void {
    const { directory } = this.test
    if (step.type === 'reserve') this.#reserve(step)
    else if (step.type === 'settle') this.#settle(step)
    else if (step.type === 'advance') this.test.now += step.milliseconds
    else if (step.type === 'upsert') directory.upsert([{ ...step.account, revision: ++this.#revision }])
    else if (step.type === 'written') for (const slot of this.test.changed.splice(0)) slot.dirty = false
    else {
      this.rules = step.rules
      directory.configure(step.rules)
    }
  }

  #reserve(query: Step & { type: 'reserve' }): void {
    const before = this.#mayTake(query)
    const taken = this.test.reserve(query)
    // the ready sets hold exactly the accounts that the rules let through
    expect([query, taken !== undefined]).toEqual([query, before.size > 0])
    if (!taken) return
    expect(before).toContain(taken.slot.account.id)
    this.outstanding.push(taken)
    const cap = inFlightCap(taken.slot.account, this.rules)
    expect(this.inFlight(taken.slot.account.id)).toBeLessThanOrEqual(cap)
  }

  #settle({ which, outcome, served }: Step & { type: 'settle' }): void {
    const [taken] = this.outstanding.splice(which % Math.max(1, this.outstanding.length), 1)
    if (taken) this.test.settle(taken, outcome, served)
  }

  /** Looked up the slow way: every account that has room in this pool and mode now. */
  #mayTake({ mode, tier, exclude }: Step & { type: 'reserve' }): Set<number> {
    const accounts = [...this.test.directory.accounts()].filter((account) => {
      const isAsked = account.tier === tier && !exclude.includes(account.id)
      const hasRoom = this.inFlight(account.id) < inFlightCap(account, this.rules)
      return isAsked && hasRoom && availableFrom(account, mode, this.rules, this.test.now) <= this.test.now
    })
    return new Set(accounts.map(({ id }) => id))
  }

  /** Requests in flight of an account as it stands in the directory; those of a deleted one went with it. */
  inFlight(id: number): number {
    const current = this.outstanding.filter(({ slot }) => slot.account.id === id)
    return Math.max(
      0,
      ...current.map(({ slot }) => slot).map((slot) => (this.#isCurrent(slot.account) ? slot.inFlight : 0)),
    )
  }

  #isCurrent(account: Account): boolean {
    return this.test.directory.find(account.id) === account
  }

  check(): void {
    const { stats } = this.test.directory
    expect(stats.inFlight).toBe(this.outstanding.length)
    const accounts = [...this.test.directory.accounts()]
    for (const { quota } of accounts) {
      for (const mode of modes) expect(quota[mode]?.remaining ?? 0).toBeWithin(0, 5)
    }
    const usable = accounts.filter(({ state }) => state.status === 'active' || state.status === 'cooling')
    expect(stats).toMatchObject({ accounts: accounts.length, usable: usable.length })
    for (const tier of tiers) {
      const ofTier = usable.filter((account) => account.tier === tier)
      expect(this.test.directory.usableAccounts(tier)).toBe(ofTier.length)
    }
    expect(this.test.shortfall().retryAfterSeconds).toBeWithin(1, 3601)
  }
}

test('whatever happens in whatever order: caps hold, counts agree, and who can serve is found', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
      const run = new Run()
      for (const step of steps) {
        run.apply(step)
        run.check()
      }
    }),
    { numRuns: 400 },
  )
})

test('after everything has ended and enough time has passed, every account in service is there again', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const run = new Run()
      for (const step of steps) run.apply(step)
      for (const taken of run.outstanding.splice(0)) run.test.settle(taken, { type: 'success' })
      run.test.now += 86_400_000
      run.test.directory.configure({ strategy: 'random', maxInFlight: 1 })
      const found = new Set<number>()
      for (const tier of tiers) {
        for (const mode of servedModes) {
          for (const { slot } of run.test.reserveAll({ tier, mode })) found.add(slot.account.id)
        }
      }
      const inService = [...run.test.directory.accounts()].filter(
        // whatever it has of chat: media are not counted until the upstream tells
        ({ state }) => state.status === 'active' || state.status === 'cooling',
      )
      expect(found).toEqual(new Set(inService.map(({ id }) => id)))
    }),
  )
})
