import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { createEmulatorControl, type EmulatorControl } from '../emulator/control/control-client.ts'
import { startEmulator, type Emulator } from '../emulator/server.ts'
import { modes } from '../src/core/model.ts'
import { acceptTerms, setBirthDate, setNsfw } from '../src/upstream/account-settings.ts'
import { deleteAsset, listAssets } from '../src/upstream/assets.ts'
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/client.ts'
import { fetchQuota } from '../src/upstream/quota.ts'
import { fetchSession } from '../src/upstream/session.ts'
import { fetchTransport } from '../src/upstream/transport.ts'

/*
 * The small calls of src/upstream against the emulator: what folders on both sides say of the wire must agree.
 */

let emulator: Emulator
let control: EmulatorControl
let client: UpstreamClient

const timeoutSeconds = 5
const signal = new AbortController().signal
const as = (credential: string) => ({ credential, signal })

beforeAll(() => {
  emulator = startEmulator()
  control = createEmulatorControl(emulator.url)
  client = createUpstreamClient({
    transport: fetchTransport,
    clock: () => 1,
    random: Math.random,
    userIds: { find: () => null, keep: () => {} },
    settings: () => ({
      baseUrl: emulator.url,
      assetsUrl: `${emulator.url}/assets`,
      chatProtocol: 'rest',
      userAgent: 'Mozilla/5.0 Chrome/136.0.0.0',
      edgeCookies: 'cf_clearance=clear',
      statsig: { value: '', placeholder: true },
      chatIdleSeconds: 5,
      temporary: true,
      memory: false,
      customInstruction: '',
    }),
  })
})

beforeEach(async () => {
  await control.reset()
  await control.setAccounts([
    { token: 'basic', tier: 'basic' },
    { token: 'heavy', tier: 'heavy' },
    { token: 'blocked', state: 'blocked' },
  ])
  await control.setBehaviour({ strictHeaders: true })
})

afterAll(() => emulator.stop())

describe('quota', () => {
  test('gives the figures of each mode, and which modes there are not', async () => {
    const report = await fetchQuota(client.call, as('basic'), modes)
    expect(report).toMatchObject({
      auto: { remaining: 20, total: 20, windowSeconds: 7200 },
      fast: { remaining: 30, total: 30, windowSeconds: 86_400 },
      heavy: 'absent',
    })
  })

  test('says when an empty mode opens again', async () => {
    await control.patchAccount('basic', { quotas: { fast: { remaining: 0 } } })
    const { fast } = await fetchQuota(client.call, as('basic'), ['fast'])
    expect(fast).toMatchObject({ remaining: 0, waitSeconds: expect.any(Number) })
  })

  test('has the weekly pool of a paid account, asked for with headers of its own', async () => {
    await control.patchAccount('heavy', { weekly: { usedPercent: 12.34, periodDays: 3 } })
    const { weekly } = await fetchQuota(client.call, as('heavy'), ['fast', 'weekly'])
    expect(weekly).toMatchObject({ remaining: 8766, total: 10_000, windowSeconds: 259_200 })
    const [asked] = await control.requests({ path: '/grok_api_v2.GrokBuildBilling/*' })
    expect(asked?.headers).toMatchObject({
      'content-type': 'application/grpc-web+proto',
      'x-grpc-web': '1',
      'x-user-agent': 'connect-es/2.1.1',
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      accept: '*/*',
      origin: emulator.url,
      referer: `${emulator.url}/`,
    })
    expect(asked?.headers['cookie']).toContain('cf_clearance=clear')
    expect(asked?.headers).not.toContainAnyKeys(['x-statsig-id', 'x-xai-request-id'])
  })

  test('of a paid account without a pool says so, and of a mode alone asks for none', async () => {
    expect((await fetchQuota(client.call, as('heavy'), ['weekly'])).weekly).toBe('absent')
    expect(await fetchQuota(client.call, as('heavy'), ['fast'])).not.toHaveProperty('weekly')
  })

  test.each(['unauthorized', 'blocked', 'challenge', 'server-error'] as const)(
    'is told although the pool is refused with %s, which says nothing about the account',
    async (kind) => {
      await control.addFault({ path: '/grok_api_v2.*', action: { type: 'http', kind } })
      const report = await fetchQuota(client.call, as('heavy'), ['fast', 'weekly'])
      expect(report).toMatchObject({ fast: { total: 400 }, weekly: { code: expect.any(String) } })
    },
  )

  test('says nothing of a pool that the service does not know', async () => {
    await control.addFault({ path: '/grok_api_v2.*', action: { type: 'http', kind: 'not-found' } })
    expect(await fetchQuota(client.call, as('heavy'), ['fast', 'weekly'])).not.toHaveProperty('weekly')
  })

  test('of one mode that fails does not spoil the others', async () => {
    await control.addFault({
      path: '/rest/rate-limits',
      mode: 'auto',
      action: { type: 'http', kind: 'server-error' },
    })
    const report = await fetchQuota(client.call, as('heavy'), ['auto', 'fast'])
    expect(report).toMatchObject({ auto: { code: 'upstream_unavailable' }, fast: { total: 400 } })
  })

  test.each([
    ['nobody', 'credential_invalid'],
    ['blocked', 'account_blocked'],
  ])('of %s is refused with %s', async (token, code) => {
    await expect(fetchQuota(client.call, as(token), ['fast'])).rejects.toMatchObject({ code })
  })
})

describe('the session', () => {
  test.each(['session', 'user', 'flat'] as const)(
    'in the shape %s says who the account is',
    async (sessionShape) => {
      await control.setBehaviour({ sessionShape })
      expect(await fetchSession(client.call, as('basic'))).toEqual({
        userId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        email: 'basic@example.org',
      })
    },
  )

  test.each([
    ['nobody', 'credential_invalid'],
    ['blocked', 'account_blocked'],
  ])('of %s is refused with %s', async (token, code) => {
    await expect(fetchSession(client.call, as(token))).rejects.toMatchObject({ code })
  })
})

describe('files', () => {
  test('are listed page by page, and deleted one by one', async () => {
    const upload = (name: string) =>
      client.call(
        {
          method: 'POST',
          path: '/rest/app-chat/upload-file',
          body: JSON.stringify({ fileName: name, fileMimeType: 'text/plain', content: btoa(name) }),
          timeoutSeconds,
        },
        as('basic'),
      )
    for (let n = 0; n < 150; n++) await upload(`file-${n}.txt`)
    const first = await listAssets(client.call, as('basic'), { timeoutSeconds })
    const pageToken = first.nextPageToken ?? ''
    const second = await listAssets(client.call, as('basic'), { timeoutSeconds, pageToken })
    expect([first.assets.length, second.assets.length, second.nextPageToken]).toEqual([100, 50, null])
    expect(first.assets[0]).toMatchObject({ name: 'file-0.txt', contentType: 'text/plain', sizeBytes: 10 })
    await deleteAsset(client.call, as('basic'), { id: first.assets[0]?.id ?? '', timeoutSeconds })
    const again = await listAssets(client.call, as('basic'), { timeoutSeconds })
    expect(again.assets[0]?.name).toBe('file-1.txt')
  })
})

describe("the owner's settings", () => {
  const settingsOf = async (token: string) =>
    (await control.accounts()).find((account) => account.token === token)?.ownerSettings

  test('are sent as they were said: terms, birth date, adult content on and off', async () => {
    await acceptTerms(client.call, as('basic'), { accountsUrl: emulator.url, timeoutSeconds })
    expect(await setBirthDate(client.call, as('basic'), { birthDate: '1990-05-17', timeoutSeconds })).toBe(
      'set',
    )
    await setNsfw(client.call, as('basic'), { enabled: true, timeoutSeconds })
    expect(await settingsOf('basic')).toEqual({
      accountTermsAccepted: true,
      productTermsVersion: 5,
      birthDate: '1990-05-17T16:00:00.000Z',
      nsfw: true,
    })
    await setNsfw(client.call, as('basic'), { enabled: false, timeoutSeconds })
    expect((await settingsOf('basic'))?.nsfw).toBe(false)
  })

  test('a birth date that is set already counts as done and is not changed', async () => {
    await setBirthDate(client.call, as('basic'), { birthDate: '1990-05-17', timeoutSeconds })
    expect(await setBirthDate(client.call, as('basic'), { birthDate: '1991-01-01', timeoutSeconds })).toBe(
      'already-set',
    )
    expect((await settingsOf('basic'))?.birthDate).toStartWith('1990')
  })

  test('an ordinary rate limit is not taken for a birth date that is set', async () => {
    await control.addFault({ path: '/rest/auth/*', action: { type: 'http', kind: 'rate-limited' } })
    const setting = setBirthDate(client.call, as('basic'), { birthDate: '1990-05-17', timeoutSeconds })
    await expect(setting).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test('that the service refuses in its trailer fail, although HTTP says 200', async () => {
    await expect(setNsfw(client.call, as('basic'), { enabled: true, timeoutSeconds })).rejects.toMatchObject({
      code: 'account_restricted',
      reason: 'terms-or-age',
    })
  })

  test('go to the account service without the cookies of the edge', async () => {
    await acceptTerms(client.call, as('basic'), { accountsUrl: emulator.url, timeoutSeconds })
    const [terms] = await control.requests({ path: '/auth_mgmt.AuthManagement/*' })
    expect(terms?.headers['cookie']).toBe('sso=basic; sso-rw=basic')
    const [product] = await control.requests({ path: '/rest/auth/*' })
    expect(product?.headers['cookie']).toContain('cf_clearance=clear')
  })
})

describe('a small call', () => {
  test('that gets no answer in time fails, and closes its connection', async () => {
    await control.addFault({ path: '/api/*', action: { type: 'latency', headersMilliseconds: 60_000 } })
    const call = client.call({ method: 'GET', path: '/api/auth/session', timeoutSeconds: 0.1 }, as('basic'))
    await expect(call).rejects.toMatchObject({ code: 'upstream_timeout' })
  })
})
