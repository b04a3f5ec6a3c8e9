import { describe, expect, test } from 'bun:test'
import { accountForTests, windowForTests } from '../core/account-for-tests.ts'
import { DirectoryForTests } from './directory-for-tests.ts'
import { leaseAccount, type AccountLease, type OpenCredential } from './lease.ts'

const query = { tiers: ['basic'], modes: ['fast'], exclude: new Set<number>() } as const
const openCredential: OpenCredential = (sealed, hash) => `${sealed} opened with ${hash}`

function directoryWithOne(): DirectoryForTests {
  return new DirectoryForTests([accountForTests({ quota: { fast: windowForTests(10) } })])
}

function lease(test: DirectoryForTests): AccountLease {
  const lease = leaseAccount(test.directory, query, openCredential)
  if (!lease) throw new Error('an account is free')
  return lease
}

describe('a lease', () => {
  test('says who the account is, and opens its credential with its own hash', async () => {
    await using taken = lease(directoryWithOne())
    expect(taken).toMatchObject({ accountId: 1, mode: 'fast', credential: 'sealed-1 opened with hash-1' })
  })

  test('is not given when no account is free', () => {
    expect(leaseAccount(new DirectoryForTests([]).directory, query, openCredential)).toBeUndefined()
  })

  test('counts as in flight until it is given back', async () => {
    const test = directoryWithOne()
    {
      await using taken = lease(test)
      expect(taken.accountId).toBe(1)
      expect(test.directory.stats.inFlight).toBe(1)
    }
    expect(test.directory.stats.inFlight).toBe(0)
  })

  test('is given back once, however often that is said, and the first word counts', async () => {
    const test = directoryWithOne()
    const taken = lease(test)
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
    const taken = lease(test)
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
    const taken = lease(test)
    if (served) taken.markServed()
    await taken[Symbol.asyncDispose]()
    expect(test.account(1).quota.fast?.remaining).toBe(remaining)
  })

  test.each([
    ['counts when nothing else is said', undefined, 1],
    ['counts when it may', { mayPenalise: true }, 1],
    ['does not count when it may not', { mayPenalise: false }, 0],
  ])('an ambiguous failure %s', (_, options, count) => {
    const test = directoryWithOne()
    lease(test).report({ type: 'failure', code: 'egress_rejected', evidence: 'seen' }, options)
    expect(test.account(1).streak?.count ?? 0).toBe(count)
  })

  test('whose credential cannot be opened gives the account back, query and all', () => {
    const test = directoryWithOne()
    const fail: OpenCredential = () => {
      throw new Error('sealed with another key')
    }
    expect(() => leaseAccount(test.directory, query, fail)).toThrow('sealed with another key')
    expect(test.directory.stats.inFlight).toBe(0)
    expect(test.account(1)).toMatchObject({ failureCount: 0, quota: { fast: { remaining: 10 } } })
  })
})
