import { describe, expect, test } from 'bun:test'
import { accountForTests, windowForTests } from '../core/account-for-tests.ts'
import { createLog, type Log } from '../util/log.ts'
import { DirectoryForTests } from './directory-for-tests.ts'
import { leaseAccount, type AccountLease, type InFlightGate, type OpenCredential } from './lease.ts'

const log = createLog('test')
const query = { tiers: ['basic'], modes: ['fast'], exclude: new Set<number>() } as const
const openCredential: OpenCredential = (sealed, hash) => `${sealed} opened with ${hash}`

function directoryWithOne(): DirectoryForTests {
  return new DirectoryForTests([accountForTests({ quota: { fast: windowForTests(10) } })])
}

async function lease({ directory }: DirectoryForTests): Promise<AccountLease> {
  const lease = await leaseAccount({ directory, openCredential, log }, query)
  if (!lease) throw new Error('an account is free')
  return lease
}

describe('a lease', () => {
  test('says who the account is, and opens its credential with its own hash', async () => {
    await using taken = await lease(directoryWithOne())
    expect(taken).toMatchObject({ accountId: 1, mode: 'fast', credential: 'sealed-1 opened with hash-1' })
  })

  test('is not given when no account is free', async () => {
    const { directory } = new DirectoryForTests([])
    expect(await leaseAccount({ directory, openCredential, log }, query)).toBeUndefined()
  })

  test('counts as in flight until it is given back', async () => {
    const test = directoryWithOne()
    {
      await using taken = await lease(test)
      expect(taken.accountId).toBe(1)
      expect(test.directory.stats.inFlight).toBe(1)
    }
    expect(test.directory.stats.inFlight).toBe(0)
  })

  test('is given back once, however often that is said, and the first word counts', async () => {
    const test = directoryWithOne()
    const taken = await lease(test)
    taken.markServed()
    taken.report({ type: 'success' })
    taken.report({ type: 'failure', code: 'credential_invalid', evidence: 'too late' })
    await taken[Symbol.asyncDispose]()
    await taken[Symbol.asyncDispose]()
    expect(test.directory.stats.inFlight).toBe(0)
    expect(test.changed).toHaveLength(1)
    expect(test.account(1)).toMatchObject({ successCount: 1, failureCount: 0, state: { status: 'active' } })
  })

  test('that is left without a word blames nobody', async () => {
    const test = directoryWithOne()
    const taken = await lease(test)
    await taken[Symbol.asyncDispose]()
    await taken[Symbol.asyncDispose]()
    expect(test.directory.stats.inFlight).toBe(0)
    expect(test.account(1)).toMatchObject({ successCount: 0, failureCount: 0, health: 1, streak: null })
  })

  test.each([
    ['is given back when the upstream never answered', false, 10],
    ['is used up once the upstream began to answer', true, 9],
  ])('the query %s', async (_, served, remaining) => {
    const test = directoryWithOne()
    const taken = await lease(test)
    if (served) taken.markServed()
    await taken[Symbol.asyncDispose]()
    expect(test.account(1).quota.fast?.remaining).toBe(remaining)
  })

  test.each([
    ['counts when nothing else is said', undefined, 1],
    ['counts when it may', { mayPenalise: true }, 1],
    ['does not count when it may not', { mayPenalise: false }, 0],
  ])('an ambiguous failure %s', async (_, options, count) => {
    const test = directoryWithOne()
    const taken = await lease(test)
    taken.report({ type: 'failure', code: 'egress_rejected', evidence: 'seen' }, options)
    expect(test.account(1).streak?.count ?? 0).toBe(count)
  })

  test('passes over accounts that other processes fill, and tells the gate when it is given back', async () => {
    const accounts = [1, 2, 3].map((id) => accountForTests({ id, quota: { fast: windowForTests(10) } }))
    const { directory } = new DirectoryForTests(accounts)
    const calls: string[] = []
    const gate: InFlightGate = {
      enter: async (id, cap) => {
        calls.push(`enter ${id} of ${cap}`)
        return id === 3
      },
      leave: async (id) => {
        calls.push(`leave ${id}`)
      },
    }
    const taken = await leaseAccount({ directory, openCredential, gate, log }, query)
    expect(taken?.accountId).toBe(3)
    expect(directory.stats.inFlight).toBe(1)
    taken?.report({ type: 'success' })
    await taken?.[Symbol.asyncDispose]()
    await taken?.[Symbol.asyncDispose]()
    expect(calls.filter((call) => call.startsWith('leave'))).toEqual(['leave 3'])
    expect(directory.stats.inFlight).toBe(0)
  })

  test('that the gate cannot count is not made, and nothing stays taken', async () => {
    const { directory } = directoryWithOne()
    const gate: InFlightGate = { enter: () => Promise.reject(new Error('store down')), leave: async () => {} }
    await expect(leaseAccount({ directory, openCredential, gate, log }, query)).rejects.toThrow('store down')
    expect(directory.stats.inFlight).toBe(0)
  })
})

describe('accounts whose credential cannot be opened', () => {
  const sealedElsewhere: OpenCredential = () => {
    throw new Error('sealed with another key')
  }
  const create = (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => index + 1)
    const test = new DirectoryForTests(
      ids.map((id) => accountForTests({ id, quota: { fast: windowForTests(10) } })),
    )
    const warnings: unknown[] = []
    const warning: Log = { ...log, warn: (_, fields) => warnings.push(fields) }
    const take = (open = sealedElsewhere) =>
      leaseAccount({ directory: test.directory, openCredential: open, log: warning }, query)
    return { test, directory: test.directory, warnings, take }
  }

  test('are passed over, and nothing about them changes', async () => {
    const { test, directory, take } = create(3)
    const before = [...directory.accounts()]
    expect(await take()).toBeUndefined()
    expect([...directory.accounts()]).toEqual(before)
    expect(test.changed).toEqual([])
    expect(directory.stats.inFlight).toBe(0)
    expect(directory.shortfall(query).type).toBe('unreadable')
  })

  test('serve again once the key is back, or with another credential', async () => {
    const { test, directory, take } = create(1)
    expect(await take()).toBeUndefined()
    expect(await take(openCredential)).toBeUndefined()
    test.now += 30_000
    await using later = await take(openCredential)
    expect(later?.accountId).toBe(1)
    test.now += 30_000
    expect(await take()).toBeUndefined()
    directory.upsert([accountForTests({ sealedCredential: 'anew', revision: 2 })])
    await using anew = await take(openCredential)
    expect(anew?.credential).toStartWith('anew')
  })

  test('do not keep others from serving, however many they are', async () => {
    const { take } = create(100)
    const onlyOne: OpenCredential = (sealed, hash) =>
      sealed === 'sealed-77' ? openCredential(sealed, hash) : sealedElsewhere(sealed, hash)
    await using taken = await take(onlyOne)
    expect(taken?.accountId).toBe(77)
  })

  test('are named once each, ten at most', async () => {
    const few = create(3)
    await few.take()
    few.test.now += 30_000
    await few.take()
    expect(few.warnings).toHaveLength(3)
    expect(few.warnings).toContainEqual({ account: 2, error: 'Error: sealed with another key' })
    const many = create(50)
    await many.take()
    expect(many.warnings).toHaveLength(10)
  })

  test('are a fault of the gateway when there is no end of them', async () => {
    const { take, directory } = create(300)
    await expect(take()).rejects.toMatchObject({ code: 'unavailable', status: 503 })
    expect(directory.stats.inFlight).toBe(0)
  })
})
