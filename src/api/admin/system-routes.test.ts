import { expect, test } from 'bun:test'
import type { Account } from '../../core/account.ts'
import { GatewayError } from '../../core/error.ts'
import { product } from '../product.ts'
import { answeredCodes, AdminError, adminErrorRules } from './admin-error.ts'
import { startAdmin } from './admin-for-tests.ts'
import { adminRoute, noInput } from './route.ts'
import { z } from 'zod'

const cause = { code: 'operator', evidence: '', at: 0 } as const
const accounts: readonly Pick<Account, 'state' | 'tier'>[] = [
  { tier: 'basic', state: { status: 'active' } },
  { tier: 'basic', state: { status: 'cooling', until: 1, cause } },
  { tier: 'heavy', state: { status: 'disabled', cause } },
  { tier: 'heavy', state: { status: 'deleted', cause } },
]

test('GET /verify, /storage and /version answer in the words that scripts know', async () => {
  const admin = await startAdmin()
  expect(await (await admin.ask('GET', '/verify')).json()).toEqual({ status: 'success' })
  expect(await (await admin.ask('GET', '/storage')).json()).toEqual({ type: 'local' })
  expect(await (await admin.ask('GET', '/version')).json()).toEqual({
    ...product,
    bun_version: Bun.version,
    started_at: admin.time.now,
  })
})

test('GET /status counts the accounts by state and tier, without deleted ones', async () => {
  const admin = await startAdmin({
    parts: {
      accounts: () => accounts,
      inFlight: () => 4,
      revision: () => 9,
      drift: () => [{ kind: 'chat: field shiny', count: 3, firstAt: 5, lastAt: 7 }],
    },
  })
  admin.time.now += 61_500
  expect(await (await admin.ask('GET', '/status')).json()).toEqual({
    status: 'ok',
    size: 3,
    revision: 9,
    selection_strategy: 'quota',
    accounts: {
      by_state: { active: 1, cooling: 1, 'needs-login': 0, suspended: 0, disabled: 1 },
      by_tier: { basic: 2, super: 0, heavy: 1 },
    },
    in_flight: 4,
    uptime_seconds: 61,
    worker: 1,
    drift: [{ kind: 'chat: field shiny', count: 3, first_at: 5, last_at: 7 }],
  })
})

test('POST /sync reads the store first, and then tells the revision', async () => {
  let revision = 1
  const syncAccounts = async (): Promise<boolean> => {
    revision = 42
    return true
  }
  const admin = await startAdmin({ parts: { syncAccounts, revision: () => revision } })
  expect(await (await admin.ask('POST', '/sync')).json()).toEqual({ changed: true, revision: 42 })
})

test('GET /update is honest about not looking', async () => {
  const admin = await startAdmin()
  expect(await (await admin.ask('GET', '/update')).json()).toMatchObject({
    status: 'disabled',
    current_version: product.version,
    latest_version: null,
    update_available: null,
  })
})

const failing = (thrown: unknown) =>
  adminRoute({
    method: 'get',
    path: '/test/fail',
    policy: 'admin',
    audit: 'none',
    summary: 'For this test.',
    input: noInput,
    answer: z.never(),
    handler: () => {
      throw thrown
    },
  })

test.each([...answeredCodes])('%s is answered in the one envelope, with its status', async (code) => {
  const failure = new AdminError(code, 'Public words.', {
    fields: [{ key: 'a.b', message: 'is odd' }],
    cause: new Error('private'),
  })
  const admin = await startAdmin({ more: [failing(failure)] })
  const response = await admin.ask('GET', '/test/fail')
  const { status } = adminErrorRules[code]
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({
    error: {
      code,
      message: 'Public words.',
      request_id: 'req_1',
      fields: [{ key: 'a.b', message: 'is odd' }],
    },
  })
  expect(response.headers.has('retry-after')).toBe(status === 429 || status === 503)
})

test('a fault of our own says nothing of itself, and the log has it under the request id', async () => {
  const admin = await startAdmin({ more: [failing(new TypeError('private words'))] })
  const response = await admin.ask('GET', '/test/fail')
  expect(response.status).toBe(500)
  const text = await response.text()
  expect(text).not.toContain('private')
  expect(text).not.toContain('.ts')
  const logged = admin.heard.find((line) => line.includes('private words'))
  expect(logged).toContain('req_1')
})

test('a failure of the use cases keeps its code, and its field is named', async () => {
  const failure = new GatewayError('upstream_unavailable', 'Public.', { param: 'tokens.0', cause: 'private' })
  const admin = await startAdmin({ more: [failing(failure)] })
  const response = await admin.ask('GET', '/test/fail')
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({
    error: { code: 'upstream_unavailable', fields: [{ key: 'tokens.0' }] },
  })
})
