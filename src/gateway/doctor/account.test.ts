import { describe, expect, test } from 'bun:test'
import { accountForTests, windowForTests } from '../../core/account-for-tests.ts'
import { GatewayError } from '../../core/error.ts'
import type { QuotaReport } from '../../core/quota-report.ts'
import { accountChecks, type AccountCheckParts } from './account.ts'

const quota = { expert: windowForTests(0), weekly: windowForTests(10) }
const account = accountForTests({ tier: 'super', quota })

async function look(name: string, report: QuotaReport = {}, changes: Partial<AccountCheckParts> = {}) {
  const checks = accountChecks({
    wishedId: undefined,
    settingFor: (_, reason) => (reason === 'proxy' ? 'proxy.egress.mode' : undefined),
    findAccount: async () => account,
    identify: (_, signal) => ({ credential: 'token', signal }),
    fetchSession: async () => ({}),
    fetchQuota: async () => report,
    chat: async () => 3,
    mayChat: true,
    ...changes,
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

  test.each([
    [{ auto: figures(0, 50), fast: figures(0, 140), 'imagine-image': figures(3, 20) }, 'chats: auto 0 of 50'],
    [{ weekly: figures(0, 10_000), 'imagine-image': figures(3, 20) }, 'chats: imagine-image 3 of 20, 0 %'],
    [{ auto: figures(3, 50), 'imagine-video': figures(0, 20) }, 'media: auto 3 of 50, imagine-video 0 of 20'],
    [{ auto: 'absent', 'imagine-image': figures(3, 20) }, 'chats: imagine-image'],
  ] as const)('is a warning when one of chats and media is used up: %j', async (report, message) => {
    expect(await look('quota', report)).toMatchObject({
      status: 'warn',
      reason: 'quota',
      message: expect.stringContaining(`Nothing is left for ${message}`),
    })
  })

  test('that cannot be asked for is told with the setting that decides', async () => {
    const auto = new GatewayError('upstream_unavailable', 'no', { reason: 'proxy' })
    expect(await look('quota', { auto })).toMatchObject({
      status: 'fail',
      reason: 'proxy',
      setting: 'proxy.egress.mode',
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

describe('an account', () => {
  const none = async () => undefined

  test('that was asked for and is not there is a failure; none at all is not', async () => {
    expect(await look('account', {}, { findAccount: none, wishedId: 77 })).toMatchObject({
      status: 'fail',
      message: 'There is no account 77.',
    })
    expect(await look('account', {}, { findAccount: none })).toMatchObject({ status: 'skipped' })
    expect(await look('session', {}, { findAccount: none, wishedId: 77 })).toMatchObject({
      status: 'skipped',
    })
  })

  test('of a store that does not answer is left to the check of the store', async () => {
    const findAccount = () => Promise.reject(new Error('refused'))
    for (const name of ['account', 'session'])
      expect(await look(name, {}, { findAccount })).toMatchObject({ status: 'skipped' })
  })

  test('is told with the proxy that is its own, and with no setting that does not decide about it', async () => {
    const broken = {
      identify: (_: unknown, signal: AbortSignal) => {
        return { credential: 'token', signal, proxyUrl: 'http://user:hidden@own.test:1' }
      },
      fetchSession: () => Promise.reject(new GatewayError('upstream_unavailable', 'x', { reason: 'proxy' })),
    }
    const usual = await look('session', {}, broken)
    expect(usual).toMatchObject({ input: 'account 1 (super)', setting: 'proxy.egress.mode' })
    const own = accountForTests({ tier: 'super', sealedProxyUrl: 'sealed' })
    const finding = await look('session', {}, { ...broken, findAccount: async () => own })
    expect(finding).toMatchObject({ input: 'account 1 (super) through its own proxy http://own.test:1' })
    expect(finding).toMatchObject({ status: 'fail', setting: undefined })
  })
})
