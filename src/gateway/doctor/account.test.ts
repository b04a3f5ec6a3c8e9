import { describe, expect, test } from 'bun:test'
import { accountForTests, windowForTests } from '../../core/account-for-tests.ts'
import { GatewayError } from '../../core/error.ts'
import type { QuotaReport } from '../../core/quota-report.ts'
import { accountChecks } from './account.ts'

const quota = { expert: windowForTests(0), weekly: windowForTests(10) }
const account = accountForTests({ tier: 'super', quota })

async function look(name: string, report: QuotaReport = {}) {
  const checks = accountChecks({
    findAccount: async () => account,
    identify: (_, signal) => ({ credential: 'token', signal }),
    fetchSession: async () => ({}),
    fetchQuota: async () => report,
    chat: async () => 3,
    mayChat: true,
  })
  return checks.find((check) => check.name === name)?.run(new AbortController().signal)
}

const figures = (remaining: number, total: number) => ({ remaining, total, windowSeconds: 7200 })

describe('the quota of an account', () => {
  test('is well while its weekly pool lasts, whatever its windows say, and told in percent', async () => {
    expect(await look('quota', { auto: figures(0, 50), weekly: figures(6250, 10_000) })).toMatchObject({
      status: 'ok',
      message: 'Queries left: auto 0 of 50, 62.5 % of the weekly pool.',
    })
  })

  test('is a warning when the pool is used up, whatever its windows say', async () => {
    expect(await look('quota', { auto: figures(50, 50), weekly: figures(0, 10_000) })).toMatchObject({
      status: 'warn',
      reason: 'quota',
    })
  })

  test('is not spoilt by a pool that cannot be read', async () => {
    const weekly = new GatewayError('upstream_unavailable', 'no')
    expect(await look('quota', { auto: figures(3, 50), weekly })).toMatchObject({
      status: 'ok',
      message: 'Queries left: auto 3 of 50, the weekly pool is not known.',
    })
  })
})

test('the chat is tried in a mode that serves, as the pool decides', async () => {
  expect(await look('chat')).toMatchObject({ message: expect.stringContaining('mode expert') })
})
