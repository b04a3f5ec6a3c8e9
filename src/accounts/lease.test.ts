import { describe, expect, test } from 'bun:test'
import { accountForTests, windowForTests } from '../core/account-for-tests.ts'
import { DirectoryForTests } from './directory-for-tests.ts'
import { leaseAccount, type AccountLease, type InFlightGate, type OpenCredential } from './lease.ts'

const query = { tiers: ['basic'], modes: ['fast'], exclude: new Set<number>() } as const
const openCredential: OpenCredential = (sealed, hash) => `${sealed} opened with ${hash}`

function directoryWithOne(): DirectoryForTests {
  return new DirectoryForTests([accountForTests({ quota: { fast: windowForTests(10) } })])
}

async function lease({ directory }: DirectoryForTests): Promise<AccountLease> {
  const lease = await leaseAccount({ directory, openCredential }, query)
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
    expect(await leaseAccount({ directory, openCredential }, query)).toBeUndefined()
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

  test('whose credential cannot be read is not made: the account waits for a new login, query and all', async () => {
    const test = directoryWithOne()
    const fail: OpenCredential = () => {
      throw new Error('sealed with another key')
    }
    expect(await leaseAccount({ directory: test.directory, openCredential: fail }, query)).toBeUndefined()
    expect(test.directory.stats.inFlight).toBe(0)
    expect(test.account(1)).toMatchObject({
      state: { status: 'needs-login' },
      quota: { fast: { remaining: 10 } },
    })
    expect(test.account(1).lastFailure?.evidence).toContain('sealed with another key')
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
    const taken = await leaseAccount({ directory, openCredential, gate }, query)
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
    await expect(leaseAccount({ directory, openCredential, gate }, query)).rejects.toThrow('store down')
    expect(directory.stats.inFlight).toBe(0)
  })
})
