import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account, AccountState } from '../core/account.ts'
import { tiers, type ServedMode } from '../core/model.ts'
import { defaultQuota } from '../core/quota.ts'
import { DirectoryForTests, failureForTests } from './directory-for-tests.ts'
import type { Reservation } from './directory.ts'
import type { Strategy } from './eligibility.ts'

const cause = { code: 'operator', evidence: '', at: NOW } as const
const nobody: ReadonlySet<number> = new Set()

function idOf(reservation: Reservation | undefined): number | undefined {
  return reservation?.slot.account.id
}

/** An account with ample queries, or with so many in `fast`. */
function account(id: number, remaining = 1000, changes: Partial<Account> = {}): Account {
  const quota = { fast: windowForTests(remaining, { total: Math.max(remaining, 10) }) }
  return accountForTests({ id, quota, ...changes })
}

describe.each(['quota', 'random'] as const)(
  'the cap, when accounts are chosen by %s',
  (strategy: Strategy) => {
    test('is exact: of 60 requests at once two accounts take 16', () => {
      const test = new DirectoryForTests([account(1), account(2)], strategy, 8)
      const taken = Array.from({ length: 60 }, () => test.reserve()).filter((taken) => taken !== undefined)
      expect(taken.map(idOf).filter((id) => id === 1)).toHaveLength(8)
      expect(taken.map(idOf).filter((id) => id === 2)).toHaveLength(8)
      expect(test.directory.stats.inFlight).toBe(16)
    })

    test('has room again for each request that ends, and for no more', () => {
      const test = new DirectoryForTests([account(1), account(2)], strategy, 8)
      const taken = test.reserveAll()
      for (const one of taken.slice(0, 3)) test.settle(one, { type: 'success' })
      expect(test.reserveAll()).toHaveLength(3)
    })

    test('counts all modes together', () => {
      const both = accountForTests({ quota: defaultQuota('super'), tier: 'super' })
      const test = new DirectoryForTests([both], strategy, 8)
      const modes: ServedMode[] = [
        'auto',
        'fast',
        'expert',
        'auto',
        'fast',
        'expert',
        'auto',
        'fast',
        'expert',
      ]
      const taken = modes.map((mode) => test.reserve({ mode, tier: 'super' }))
      expect(taken.filter((taken) => taken !== undefined)).toHaveLength(8)
    })

    test('is one while an account is on trial', () => {
      const cooling: AccountState = { status: 'cooling', until: NOW, cause }
      const test = new DirectoryForTests([account(1, 1000, { state: cooling })], strategy, 8)
      const [trial, ...others] = test.reserveAll()
      expect(others).toEqual([])
      if (trial) test.settle(trial, { type: 'success' })
      expect(test.reserveAll()).toHaveLength(8)
    })
  },
)

describe('the quota', () => {
  test('is counted when an account is taken: as many requests as queries left, then none', () => {
    const test = new DirectoryForTests([account(1, 5)], 'quota', 100)
    expect(test.reserveAll()).toHaveLength(5)
    expect(test.account(1).quota.fast).toMatchObject({ remaining: 0, resetAt: NOW + 7_200_000 })
  })

  test('gets back what the upstream never served, and nothing else', () => {
    const test = new DirectoryForTests([account(1, 5)], 'quota', 100)
    const taken = test.reserveAll()
    taken.forEach((one, n) => test.settle(one, { type: 'abandoned' }, n > 1))
    expect(test.reserveAll()).toHaveLength(2)
  })

  test.each([...tiers])(
    'of a %s account is full again at its reset time, without anybody asking the upstream',
    (tier) => {
      const empty = account(1, 0, { tier, quota: { fast: windowForTests(0, { resetAt: NOW + 1000 }) } })
      const test = new DirectoryForTests([empty], 'quota', 100)
      test.now = NOW + 999
      expect(test.reserveAll({ tier })).toHaveLength(0)
      test.now = NOW + 1000
      expect(test.reserveAll({ tier })).toHaveLength(10)
    },
  )

  test('is no hindrance by chance', () => {
    expect(new DirectoryForTests([account(1, 0)], 'random').reserveAll()).toHaveLength(8)
  })

  test('of one mode is no hindrance in another', () => {
    const quota = { fast: windowForTests(0), auto: windowForTests(3) }
    const test = new DirectoryForTests([accountForTests({ quota })])
    expect(test.reserve()).toBeUndefined()
    expect(test.reserveAll({ mode: 'auto' })).toHaveLength(3)
  })
})

describe('the order of asking', () => {
  const quota = { auto: windowForTests(1), fast: windowForTests(1) }
  const [basic, best] = [
    accountForTests({ id: 1, tier: 'basic', quota }),
    accountForTests({ id: 2, tier: 'heavy', quota }),
  ]

  function takeAll(tiers: readonly Account['tier'][], modes: readonly ServedMode[]) {
    const { directory } = new DirectoryForTests([basic, best])
    const take = (): Reservation | undefined => directory.reserve({ tiers, modes, exclude: nobody })
    return Array.from({ length: 5 }, take).map((taken) => taken && [idOf(taken), taken.mode])
  }

  test('is mode by mode, each over all pools from the first to the last', () => {
    const taken = takeAll(['basic', 'super', 'heavy'], ['auto', 'fast', 'expert'])
    expect(taken).toEqual([[1, 'auto'], [2, 'auto'], [1, 'fast'], [2, 'fast'], undefined])
  })

  test('begins with the best pool when that is asked first', () => {
    const taken = takeAll(['heavy', 'super', 'basic'], ['auto', 'fast'])
    expect(taken).toEqual([[2, 'auto'], [1, 'auto'], [2, 'fast'], [1, 'fast'], undefined])
  })

  test('never leaves the pools and modes that were named', () => {
    expect(takeAll(['basic'], ['auto'])).toEqual([[1, 'auto'], undefined, undefined, undefined, undefined])
  })

  test('passes over excluded accounts, also to a lower pool and a later mode', () => {
    const { directory } = new DirectoryForTests([basic, best])
    const query = { tiers: ['basic', 'heavy'], modes: ['auto', 'fast'] } as const
    expect(idOf(directory.reserve({ ...query, exclude: new Set([1]) }))).toBe(2)
    expect(directory.reserve({ ...query, exclude: new Set([1, 2]) })).toBeUndefined()
    expect(directory.reserve({ ...query, exclude: new Set([2]) })?.mode).toBe('auto')
  })
})

describe('rows of the store', () => {
  test('are taken over when they are newer, and passed over when they are not', () => {
    const test = new DirectoryForTests([account(1, 5, { revision: 7 })])
    test.directory.upsert([
      account(1, 5, { revision: 7, tags: ['same'] }),
      account(1, 5, { revision: 6, tags: ['old'] }),
    ])
    expect(test.account(1).tags).toEqual([])
    test.directory.upsert([account(1, 5, { revision: 8, tags: ['new'] })])
    expect(test.account(1).tags).toEqual(['new'])
  })

  test('never overwrite what use has changed and the store does not have yet', () => {
    const test = new DirectoryForTests([account(1, 5)])
    const taken = test.reserve()
    if (taken) test.settle(taken, { type: 'success' })
    const row = { revision: 99, label: 'theirs', successCount: 10 }
    test.directory.upsert([account(1, 5, row)])
    expect(test.account(1)).toMatchObject({ ...row, successCount: 11, quota: { fast: { remaining: 4 } } })
    expect(test.changed.map(({ account }) => account.id)).toEqual([1])
  })

  test('move an account from pool to pool', () => {
    const test = new DirectoryForTests([account(1)])
    test.directory.upsert([account(1, 1000, { tier: 'super', revision: 2 })])
    expect(test.reserve()).toBeUndefined()
    expect(idOf(test.reserve({ tier: 'super' }))).toBe(1)
    expect(tiers.map((tier) => test.directory.usableAccounts(tier))).toEqual([0, 1, 0])
  })

  test('keep what is in flight: the cap holds across them', () => {
    const test = new DirectoryForTests([account(1)], 'quota', 8)
    test.reserveAll()
    test.directory.upsert([account(1, 1000, { revision: 2 })])
    expect(test.reserve()).toBeUndefined()
    expect(test.directory.stats.inFlight).toBe(8)
  })

  test('that are deleted take the account out of service at once', () => {
    const deleted: AccountState = { status: 'deleted', cause }
    const test = new DirectoryForTests([account(1), account(2)])
    test.directory.upsert([
      account(1, 1000, { state: deleted, revision: 2 }),
      account(3, 5, { state: deleted }),
    ])
    expect([...test.directory.accounts()].map(({ id }) => id)).toEqual([2])
    expect(new Set(test.reserveAll().map(idOf))).toEqual(new Set([2]))
    expect(test.directory.stats).toMatchObject({ accounts: 1, usable: 1 })
  })

  test('that are deleted while in use end cleanly, and write nothing any more', () => {
    const test = new DirectoryForTests([account(1)])
    const taken = test.reserve()
    test.directory.upsert([account(1, 1000, { state: { status: 'deleted', cause }, revision: 2 })])
    if (taken) test.settle(taken, failureForTests('credential_invalid'))
    expect(test.changed).toEqual([])
    expect(test.directory.stats).toEqual({ accounts: 0, usable: 0, inFlight: 0 })
    expect(test.reserve()).toBeUndefined()
  })

  test('that were deleted while they waited do not wake up', () => {
    const test = new DirectoryForTests([
      account(1, 0, { quota: { fast: windowForTests(0, { resetAt: NOW + 5 }) } }),
    ])
    test.directory.upsert([account(1, 0, { state: { status: 'deleted', cause }, revision: 2 })])
    test.now = NOW + 10
    expect(test.reserve()).toBeUndefined()
  })
})

describe('new rules', () => {
  test('hold from the next request on: chance does not look at the quota', () => {
    const test = new DirectoryForTests([account(1, 0)])
    expect(test.reserve()).toBeUndefined()
    test.directory.configure({ strategy: 'random', maxInFlight: 8 })
    const taken = test.reserve()
    expect(idOf(taken)).toBe(1)
    test.directory.configure({ strategy: 'quota', maxInFlight: 8 })
    expect(test.reserve()).toBeUndefined()
  })

  test.each([
    [2, 2],
    [12, 12],
  ])('a cap of %p is what holds then, also for those in flight', (maxInFlight, total) => {
    const test = new DirectoryForTests([account(1)], 'quota', 4)
    const taken = test.reserveAll()
    test.directory.configure({ strategy: 'quota', maxInFlight })
    expect(test.reserveAll()).toHaveLength(Math.max(0, total - 4))
    for (const one of taken) test.settle(one, { type: 'success' })
    expect(test.reserveAll()).toHaveLength(Math.min(total, 4))
  })
})

describe('the figures', () => {
  test('count as usable what serves now or will again by itself', () => {
    const states: AccountState[] = [
      { status: 'active' },
      { status: 'cooling', until: NOW + 1, cause },
      { status: 'needs-login', cause },
      { status: 'suspended', cause },
      { status: 'disabled', cause },
    ]
    const { directory } = new DirectoryForTests(states.map((state, n) => account(n + 1, 5, { state })))
    expect(directory.stats).toEqual({ accounts: 5, usable: 2, inFlight: 0 })
    expect(tiers.map((tier) => directory.usableAccounts(tier))).toEqual([2, 0, 0])
  })

  test('follow what happens to an account', () => {
    const test = new DirectoryForTests([account(1)])
    const taken = test.reserve()
    expect(test.directory.stats).toMatchObject({ usable: 1, inFlight: 1 })
    if (taken) test.settle(taken, failureForTests('credential_invalid'))
    expect(test.directory.stats).toMatchObject({ usable: 0, inFlight: 0 })
    test.directory.upsert([])
    expect(test.account(1).state.status).toBe('needs-login')
  })

  test('count what went well and badly, with the last failure; a client that leaves counts for nothing', () => {
    const test = new DirectoryForTests([account(1)])
    for (const outcome of [
      { type: 'success' },
      { type: 'abandoned' },
      failureForTests('content_policy'),
    ] as const) {
      const taken = test.reserve()
      if (taken) test.settle(taken, outcome)
    }
    const lastFailure = { code: 'content_policy', evidence: 'seen', at: NOW } as const
    expect(test.account(1)).toMatchObject({ successCount: 1, failureCount: 1, lastFailure, lastUsedAt: NOW })
  })
})
