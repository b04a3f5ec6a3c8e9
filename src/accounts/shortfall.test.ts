import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { DirectoryForTests } from './directory-for-tests.ts'

const cause = { code: 'upstream_unavailable', reason: 'proxy', evidence: 'seen', at: NOW } as const
const quota = { fast: windowForTests(10) }

const active: Partial<Account> = { quota }
const suspended: Partial<Account> = { quota, state: { status: 'suspended', cause } }
const needsLogin: Partial<Account> = { quota, state: { status: 'needs-login', cause } }
const disabled: Partial<Account> = { quota, state: { status: 'disabled', cause } }
const cooling = (seconds: number): Partial<Account> => ({
  quota,
  state: { status: 'cooling', until: NOW + seconds * 1000, cause },
})
const usedUp = (milliseconds: number | null): Partial<Account> => ({
  quota: { fast: windowForTests(0, { resetAt: milliseconds === null ? null : NOW + milliseconds }) },
})

function poolOf(...accounts: readonly Partial<Account>[]): DirectoryForTests {
  return new DirectoryForTests(
    accounts.map((changes, index) => accountForTests({ id: index + 1, ...changes })),
  )
}

describe('nobody can serve', () => {
  test.each([
    ['there is nobody', [], { type: 'none', retryAfterSeconds: 300 }],
    ['an operator holds all', [disabled], { type: 'none', retryAfterSeconds: 300 }],
    ['others are of another tier', [{ tier: 'super' } as const], { type: 'none', retryAfterSeconds: 300 }],
    ['others do not offer the mode', [{ quota: { auto: windowForTests(5) } }], { type: 'none' }],
    ['all are blocked', [suspended, suspended, disabled], { type: 'suspended', retryAfterSeconds: 300 }],
    ['all wait for a login', [needsLogin, needsLogin], { type: 'needs-login', retryAfterSeconds: 300 }],
    ['most wait for a login', [suspended, needsLogin, needsLogin], { type: 'needs-login' }],
    ['one is full', [suspended, active, cooling(9)], { type: 'busy', retryAfterSeconds: 1 }],
    [
      'one is used up, until it is filled again',
      [needsLogin, usedUp(90_500)],
      { type: 'waiting', reason: 'quota', retryAfterSeconds: 91 },
    ],
    [
      'one rests, for the reason that it rests for',
      [cooling(30), usedUp(60_000)],
      { type: 'waiting', reason: 'proxy', retryAfterSeconds: 30 },
    ],
    ['the first is back at once', [usedUp(1)], { type: 'waiting', retryAfterSeconds: 1 }],
    ['the first is back in a day', [usedUp(86_400_000)], { type: 'waiting', retryAfterSeconds: 3600 }],
    [
      'only new figures can bring one back',
      [usedUp(null)],
      { type: 'waiting', reason: 'quota', retryAfterSeconds: 300 },
    ],
  ] as const)('since %s', (_, accounts, expected) => {
    const pool = poolOf(...accounts)
    pool.reserveAll()
    expect(pool.shortfall()).toMatchObject(expected)
  })

  test('in any of the modes, of which the earliest counts', () => {
    const { directory } = poolOf({
      quota: {
        auto: windowForTests(0, { resetAt: NOW + 50_000 }),
        fast: windowForTests(0, { resetAt: NOW + 9_000 }),
      },
    })
    const query = { tiers: ['basic'], modes: ['auto', 'fast'], exclude: new Set<number>() } as const
    expect(directory.shortfall(query)).toMatchObject({ type: 'waiting', retryAfterSeconds: 9 })
  })

  test('where one account only will do, it alone is asked', () => {
    const { directory } = poolOf(active, needsLogin)
    const query = { tiers: ['basic'], modes: ['fast'], exclude: new Set<number>(), mustPrefer: true } as const
    expect(directory.shortfall({ ...query, prefer: 2 }).type).toBe('needs-login')
    expect(directory.shortfall({ ...query, prefer: 3 }).type).toBe('none')
  })
})

test('a large pool is looked at once a second, a small one each time', () => {
  const block = (pool: DirectoryForTests, size: number): void => {
    for (let id = 1; id <= size; id++)
      pool.directory.change(id, (account) => ({ ...account, state: { status: 'suspended', cause } }))
  }
  const types = [256, 257].map((size) => {
    const pool = poolOf(...Array.from({ length: size }, () => cooling(60)))
    const before = pool.shortfall().type
    block(pool, size)
    const after = pool.shortfall().type
    pool.now += 1_000
    return [before, after, pool.shortfall().type]
  })
  expect(types).toEqual([
    ['waiting', 'suspended', 'suspended'],
    ['waiting', 'waiting', 'suspended'],
  ])
})
