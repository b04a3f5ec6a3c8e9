import { describe, expect, test } from 'bun:test'
import { DirectoryForTests } from '../accounts/directory-for-tests.ts'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { modeOrder, poolOrder } from '../core/model.ts'
import { findModel } from '../core/models.ts'
import { reasonRules } from '../core/reason.ts'
import { noAccount } from './no-account.ts'

const model = findModel('grok-4.20-fast')
if (!model) throw new Error('the catalogue lost a model')
const query = { tiers: poolOrder(model), modes: modeOrder(model, true), exclude: new Set<number>() }
const cause = { code: 'operator', evidence: 'seen', at: NOW } as const
const suspended = accountForTests({ state: { status: 'suspended', cause } })
const needsLogin = accountForTests({ state: { status: 'needs-login', cause } })
const usedUp = accountForTests({ quota: { fast: windowForTests(0, { resetAt: NOW + 77_000 }) } })

const directoryOf = (...accounts: readonly Account[]) => new DirectoryForTests(accounts).directory

describe('a request that finds no account', () => {
  test.each([
    ['blocked', suspended, 'account_blocked', 'account-blocked'],
    ['without a login', needsLogin, 'credential_invalid', 'credential-invalid'],
  ] as const)('while the only one is %s is told so each time', (_, account, code, reason) => {
    const expected = {
      code,
      status: 503,
      reason,
      message: reasonRules[reason].sentence,
      retryAfterSeconds: 300,
    }
    const directory = directoryOf(account)
    expect(noAccount(directory, query, model)).toMatchObject(expected)
    expect(noAccount(directory, query, model)).toMatchObject(expected)
  })

  test('while all are used up is told when one is back', () => {
    const expected = { code: 'no_account', status: 429, reason: 'quota', retryAfterSeconds: 77 }
    expect(noAccount(directoryOf(usedUp), query, model)).toMatchObject(expected)
  })

  test('while all are busy may come back in a second', () => {
    const expected = { code: 'no_account', status: 429, reason: undefined, retryAfterSeconds: 1 }
    expect(noAccount(directoryOf(accountForTests()), query, model)).toMatchObject(expected)
  })

  test('where there is none is not asked to come back soon', () => {
    const failure = noAccount(directoryOf(), query, model)
    expect(failure).toMatchObject({ code: 'no_account', status: 429, retryAfterSeconds: 300 })
    expect(failure.message).toBe('No accounts are configured in this gateway.')
  })

  test('while no secret can be opened is told that the gateway is at fault', () => {
    const directory = directoryOf(accountForTests())
    const taken = directory.reserve(query)
    if (taken) directory.setAside(taken)
    expect(noAccount(directory, query, model)).toMatchObject({ code: 'unavailable', status: 503 })
  })

  test('that must be one account is worth waiting for, whatever that is lost by', () => {
    const failure = noAccount(directoryOf(suspended), { ...query, prefer: 1, mustPrefer: true }, model)
    expect(failure).toMatchObject({ code: 'no_account', reason: 'account-blocked' })
  })
})
