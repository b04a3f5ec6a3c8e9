import { describe, expect, test } from 'bun:test'
import type { Account } from '../core/account.ts'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import { GatewayError } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import type { QuotaReport } from '../core/quota-report.ts'
import { createLog } from '../util/log.ts'
import { DirectoryForTests } from './directory-for-tests.ts'
import { Upkeep, type UpkeepSettings } from './upkeep.ts'

const intervals = { basic: 86_400, super: 7200, heavy: 7200 }
const signal = new AbortController().signal
const empty = { fast: windowForTests(0, { resetAt: NOW + 1e6 }) }
const shortage = { tiers: ['basic'], modes: ['fast'] } as const

type Answer = (account: Account, modes: readonly Mode[]) => Promise<QuotaReport>

/** An upkeep over these accounts, and the ids that it asked for. */
function open(
  accounts: readonly Account[],
  answer: Answer = async () => ({}),
  changes: Partial<UpkeepSettings> = {},
) {
  const { directory } = new DirectoryForTests(accounts)
  const asked: number[] = []
  const settings = { enabled: true, intervals, concurrency: 2, onDemandMinIntervalSeconds: 300, ...changes }
  const upkeep = new Upkeep({
    directory,
    ask: async (account, modes) => {
      asked.push(account.id)
      return { report: await answer(account, modes), identity: null }
    },
    settings: () => settings,
    clock: () => NOW,
    log: createLog('test'),
  })
  return { upkeep, directory, asked }
}

const full: Answer = async () => ({ fast: { remaining: 30, total: 30, windowSeconds: 86_400 } })

describe('the schedule', () => {
  test('asks for accounts that never were, and those whose interval is over, the most overdue first', async () => {
    const accounts = [
      accountForTests({ id: 1, syncedAt: NOW - 1000 }),
      accountForTests({ id: 2, syncedAt: NOW - 90_000_000 }),
      accountForTests({ id: 3, syncedAt: null, createdAt: NOW - 5000 }),
      accountForTests({ id: 4, tier: 'super', syncedAt: NOW - 7_300_000 }),
    ]
    const { upkeep, asked } = open(accounts)
    expect(await upkeep.runSchedule(signal)).toBe(3)
    expect(new Set(asked.slice(0, 2))).toEqual(new Set([2, 4]))
    expect(asked[2]).toBe(3)
  })

  test('asks soon for an account that was refused for its rate, once', async () => {
    const paused = (at: number) => ({
      fast: { until: NOW + 1e6, cause: { code: 'rate_limited', evidence: '', at } as const },
    })
    const accounts = [
      accountForTests({ id: 1, syncedAt: NOW - 1000, modeCooldowns: paused(NOW - 500) }),
      accountForTests({ id: 2, syncedAt: NOW - 500, modeCooldowns: paused(NOW - 1000) }),
    ]
    const { upkeep, asked } = open(accounts)
    await upkeep.runSchedule(signal)
    expect(asked).toEqual([1])
  })

  test('takes on a bounded number at a time', async () => {
    const { upkeep } = open(Array.from({ length: 50 }, (_, id) => accountForTests({ id: id + 1 })))
    expect(await upkeep.runSchedule(signal)).toBe(8)
  })

  test('leaves accounts alone that are out of service, and everything when it is off', async () => {
    const cause = { code: 'operator', evidence: '', at: NOW } as const
    const disabled = accountForTests({ state: { status: 'disabled', cause } })
    expect(await open([disabled]).upkeep.runSchedule(signal)).toBe(0)
    expect(await open([accountForTests()], full, { enabled: false }).upkeep.runSchedule(signal)).toBe(0)
  })

  test('spreads accounts that were imported at once', async () => {
    const accounts = Array.from({ length: 200 }, (_, id) =>
      accountForTests({ id: id + 1, syncedAt: NOW - 78_000_000 }),
    )
    const due = await open(accounts, full, { concurrency: 500 }).upkeep.runSchedule(signal)
    expect(due).toBeWithin(50, 150)
  })
})

describe('a refresh', () => {
  test.each<[string, Answer]>([
    ['well', full],
    ['badly', () => Promise.reject(new GatewayError('credential_invalid', 'HTTP 401'))],
  ])('that ends %s says nothing about another login that the account has by then', async (_, answer) => {
    const relogged = accountForTests({ credentialHash: 'another', revision: 2 })
    const { upkeep, directory } = open([accountForTests()], async (...asked) => {
      directory.upsert([relogged])
      return answer(...asked)
    })
    await upkeep.refresh([accountForTests()], signal)
    expect(directory.find(1)).toEqual(relogged)
  })

  test('asks for every mode until the tier is known', async () => {
    const modes: (readonly Mode[])[] = []
    const { upkeep, directory } = open([accountForTests()], async (_, asked) => {
      modes.push(asked)
      return full(accountForTests(), asked)
    })
    const [account] = directory.accounts()
    await upkeep.refresh(account ? [account] : [], signal)
    await upkeep.refresh([...directory.accounts()], signal)
    expect(modes.map((asked) => asked.length)).toEqual([5, 3])
  })

  test('asks paid accounts for their weekly pool, and no others', async () => {
    const asked = new Map<number, readonly Mode[]>()
    const tiers = ['basic', 'super', 'heavy'] as const
    const accounts = tiers.map((tier, id) => accountForTests({ id, tier, syncedAt: NOW - 1 }))
    const { upkeep } = open(accounts, async ({ id }, modes) => {
      asked.set(id, modes)
      return {}
    })
    await upkeep.refresh(accounts, signal)
    expect(accounts.map(({ id }) => asked.get(id)?.includes('weekly'))).toEqual([false, true, true])
  })

  test.each([
    ['credential_invalid', 'needs-login'],
    ['account_blocked', 'suspended'],
    ['egress_rejected', 'active'],
    ['upstream_timeout', 'active'],
  ] as const)('that fails with %s leaves the account %s', async (code, status) => {
    const { upkeep, directory } = open([accountForTests()], () => Promise.reject(new GatewayError(code, 'x')))
    const [result] = await upkeep.refresh([...directory.accounts()], signal)
    expect(result).toMatchObject({ type: 'failed', failure: { code } })
    expect(directory.find(1)?.state.status).toBe(status)
  })

  test('of an account that is being asked waits for that answer', async () => {
    const answer = Promise.withResolvers<QuotaReport>()
    const { upkeep, directory, asked } = open([accountForTests()], () => answer.promise)
    const both = [
      upkeep.refresh([...directory.accounts()], signal),
      upkeep.refresh([...directory.accounts()], signal),
    ]
    answer.resolve({})
    await Promise.all(both)
    expect(asked).toEqual([1])
  })
})

describe('a request that found no account', () => {
  test('has only the candidates asked, and finds what was full all along', async () => {
    const accounts = [
      accountForTests({ id: 1, quota: empty }),
      accountForTests({ id: 2, quota: empty, tier: 'super' }),
      accountForTests({ id: 3, quota: { fast: windowForTests(5) } }),
      accountForTests({ id: 4, quota: empty, syncedAt: NOW - 1000 }),
    ]
    const { upkeep, directory, asked } = open(accounts, full)
    expect(await upkeep.refreshForShortage(shortage, signal)).toBe(true)
    expect(asked).toEqual([1])
    expect(directory.find(1)?.quota.fast?.remaining).toBe(30)
  })

  test('asks a paid account whose pool seemed used up for the pool too, and serves by it', async () => {
    const weekly = windowForTests(0, { total: 10_000, resetAt: NOW + 1e8 })
    const quota = { fast: windowForTests(10), weekly }
    const modes: (readonly Mode[])[] = []
    const pooled = { remaining: 9000, total: 10_000, windowSeconds: 604_800, resetAt: NOW + 2e8 }
    const { upkeep, directory } = open([accountForTests({ tier: 'super', quota })], async (_, asked) => {
      modes.push(asked)
      return { weekly: pooled }
    })
    const query = { tiers: ['super'], modes: ['fast'], exclude: new Set<number>() } as const
    expect(directory.reserve(query)).toBeUndefined()
    expect(await upkeep.refreshForShortage(query, signal)).toBe(true)
    expect(modes).toEqual([['fast', 'weekly']])
    expect(directory.reserve(query)).toBeDefined()
  })

  test('asks for no pool where only media are wanted', async () => {
    const quota = { 'imagine-video': windowForTests(0, { resetAt: NOW + 1e6 }) }
    const modes: (readonly Mode[])[] = []
    const { upkeep } = open([accountForTests({ tier: 'super', quota })], async (_, asked) => {
      modes.push(asked)
      return {}
    })
    await upkeep.refreshForShortage({ tiers: ['super'], modes: ['imagine-video'] }, signal)
    expect(modes).toEqual([['imagine-video']])
  })

  test('asks a few at most, and goes on with the first that answers', async () => {
    const accounts = Array.from({ length: 100 }, (_, id) => accountForTests({ id: id + 1, quota: empty }))
    const { upkeep, asked } = open(accounts, ({ id }) =>
      id === 5 ? full(accountForTests(), []) : Promise.withResolvers<QuotaReport>().promise,
    )
    expect(await upkeep.refreshForShortage(shortage, signal)).toBe(true)
    expect(asked).toHaveLength(8)
  })

  test('is not kept waiting when there is nothing to ask, or asking is off', async () => {
    expect(await open([]).upkeep.refreshForShortage(shortage, signal)).toBe(false)
    const { upkeep, asked } = open([accountForTests({ quota: empty })], full, { enabled: false })
    expect(await upkeep.refreshForShortage(shortage, signal)).toBe(false)
    expect(asked).toEqual([])
  })

  test('that leaves is let go at once', async () => {
    const { upkeep } = open(
      [accountForTests({ quota: empty })],
      () => Promise.withResolvers<QuotaReport>().promise,
    )
    const leaving = new AbortController()
    const waiting = upkeep.refreshForShortage(shortage, leaving.signal)
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'client_closed' })
  })
})
