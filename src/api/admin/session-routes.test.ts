import { describe, expect, test } from 'bun:test'
import { readJson } from '../../../test/harness/json.ts'
import { z } from 'zod'
import { findSecrets, planted, startAdmin, type TestAdmin } from './admin-for-tests.ts'
import { ADDRESS_BOUNDS } from './login-throttle.ts'
import { adminRoute, noInput } from './route.ts'
import { SESSION_IDLE_SECONDS, TICKET_LIFE_SECONDS } from './sessions.ts'

const logIn = (admin: TestAdmin, password: unknown, init: object = {}): Promise<Response> =>
  admin.request('/login', { method: 'POST', body: { password }, ...init })

describe('POST /admin/api/login', () => {
  test('sets a cookie that no script reads, that stays on this site and only goes to /admin', async () => {
    const admin = await startAdmin()
    const response = await logIn(admin, planted.appKey)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'success',
      csrf_token: expect.any(String),
      expires_at: admin.time.now + 2 * 3_600_000,
      ends_at: admin.time.now + 12 * 3_600_000,
    })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie.split('; ').slice(1).sort()).toEqual([
      'HttpOnly',
      'Max-Age=43200',
      'Path=/admin',
      'SameSite=Strict',
    ])
  })

  test('marks the cookie as secure when the request or the public address is https', async () => {
    const stored = { app: { app_key: planted.appKey, api_key: ['x'], app_url: 'https://public.test' } }
    const behindProxy = await logIn(await startAdmin({ stored }), planted.appKey)
    expect(behindProxy.headers.get('set-cookie')).toContain('Secure')
    const { app } = await startAdmin()
    const direct = await app.request('https://gateway.test/admin/api/login', {
      method: 'POST',
      body: JSON.stringify({ password: planted.appKey }),
    })
    expect(direct.headers.get('set-cookie')).toContain('Secure')
  })

  test.each([
    ['a wrong password', { password: 'wrong' }, 401],
    ['an empty password', { password: '' }, 401],
    ['no password', {}, 400],
    ['a password that is no text', { password: 1 }, 400],
  ])('refuses %s without a cookie', async (_title, body, status) => {
    const admin = await startAdmin()
    const response = await admin.request('/login', { method: 'POST', body })
    expect(response.status).toBe(status)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(admin.audit.entries).toMatchObject([{ action: 'session.login', actor: '-', status }])
  })

  test('answers all wrong passwords alike', async () => {
    const admin = await startAdmin()
    const answers = await Promise.all(
      ['', 'wrong', planted.appKey.slice(1), planted.apiKeys[0]].map(async (password) => {
        const { error } = await readJson<{ error: { code: string; message: string } }>(
          await logIn(admin, password),
        )
        return `${error.code} ${error.message}`
      }),
    )
    expect(new Set(answers).size).toBe(1)
  })

  test('makes who guesses wait, tells for how long, and takes even the right password only then', async () => {
    const admin = await startAdmin()
    for (let count = 0; count < ADDRESS_BOUNDS.failures; count++) {
      expect((await logIn(admin, `wrong-${count}`)).status).toBe(401)
    }
    const refused = await logIn(admin, planted.appKey)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('30')
    expect((await logIn(admin, planted.appKey, { address: '203.0.113.9' })).status).toBe(200)
    admin.time.now += 30_000
    expect((await logIn(admin, planted.appKey)).status).toBe(200)
  })

  test('counts wrong bearer keys too, on every route, and does not believe X-Forwarded-For', async () => {
    const admin = await startAdmin()
    const guess = (count: number): Promise<Response> =>
      admin.request('/verify', {
        headers: { authorization: `Bearer wrong-${count}`, 'x-forwarded-for': `203.0.113.${count}` },
      })
    for (let count = 0; count < ADDRESS_BOUNDS.failures; count++) await guess(count)
    expect((await guess(99)).status).toBe(429)
    expect((await logIn(admin, planted.appKey)).status).toBe(429)
  })

  test('cannot be used by a foreign page to lock the operator out', async () => {
    const admin = await startAdmin()
    for (let count = 0; count < 10; count++) {
      const response = await logIn(admin, 'wrong', { headers: { origin: 'https://evil.test' } })
      expect(response.status).toBe(403)
    }
    expect((await logIn(admin, planted.appKey)).status).toBe(200)
  })

  test('refuses a body that is far too large, unread', async () => {
    const admin = await startAdmin()
    expect((await logIn(admin, 'x'.repeat(70_000))).status).toBe(413)
  })
})

describe('a session', () => {
  test('tells who is logged in, until when, and its CSRF token', async () => {
    const admin = await startAdmin()
    const headers = await admin.login()
    const session = await readJson<Record<string, unknown>>(await admin.request('/session', { headers }))
    expect(session).toMatchObject({ type: 'session', csrf_token: headers['x-csrf-token'] })
    expect(session['actor']).toHaveLength(8)
    expect(await (await admin.ask('GET', '/session')).json()).toMatchObject({
      type: 'bearer',
      csrf_token: null,
    })
  })

  test('holds in another process and after a restart', async () => {
    const first = await startAdmin()
    const headers = await first.login()
    const second = await startAdmin({ from: first })
    expect((await second.request('/verify', { headers })).status).toBe(200)
  })

  test('gets a new cookie once half of its idle time has passed, and its token stays', async () => {
    const admin = await startAdmin()
    const headers = await admin.login()
    expect((await admin.request('/verify', { headers })).headers.get('set-cookie')).toBeNull()
    admin.time.now += SESSION_IDLE_SECONDS * 500 + 1
    const renewed = (await admin.request('/verify', { headers })).headers.get('set-cookie')
    const [cookie = ''] = renewed?.split(';') ?? []
    admin.time.now += SESSION_IDLE_SECONDS * 1000 - 1
    expect((await admin.request('/verify', { headers })).status).toBe(401)
    const answer = await admin.request('/sync', { method: 'POST', headers: { ...headers, cookie } })
    expect(answer.status).toBe(200)
  })

  test('is over after a logout, which takes the cookie away', async () => {
    const admin = await startAdmin()
    const headers = await admin.login()
    const response = await admin.request('/logout', { method: 'POST', headers })
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0')
    expect((await admin.request('/verify', { headers })).status).toBe(401)
  })

  test('ends with the password it was started with', async () => {
    const admin = await startAdmin()
    const headers = await admin.login()
    const body = { app: { app_key: 'planted-new-password-5555' } }
    const saved = await admin.request('/config', { method: 'POST', headers, body })
    expect(await saved.json()).toMatchObject({ status: 'success', login_required: true })
    expect((await admin.request('/verify', { headers })).status).toBe(401)
    expect((await admin.ask('GET', '/verify')).status).toBe(200)
  })
})

describe('a stream ticket', () => {
  const stream = adminRoute({
    method: 'get',
    path: '/test/:id/stream',
    policy: 'admin-stream',
    audit: 'none',
    summary: 'For this test.',
    input: noInput,
    answer: z.string(),
    handler: (_input, { actor }) => new Response(`data: ${actor.type}\n\n`),
  })

  test('opens one stream for a minute, and neither another nor anything else', async () => {
    const admin = await startAdmin({ more: [stream] })
    const path = '/admin/api/test/1/stream'
    const given = await readJson<{ ticket: string; expires_in: number }>(
      await admin.ask('POST', '/stream-tickets', { path }),
    )
    expect(given.expires_in).toBe(TICKET_LIFE_SECONDS)
    const query = `?ticket=${given.ticket}`
    expect(await (await admin.request(`/test/1/stream${query}`)).text()).toBe('data: ticket\n\n')
    expect((await admin.request(`/test/2/stream${query}`)).status).toBe(401)
    expect((await admin.request(`/verify${query}`)).status).toBe(401)
    admin.time.now += TICKET_LIFE_SECONDS * 1000
    expect((await admin.request(`/test/1/stream${query}`)).status).toBe(401)
    expect(admin.heard.filter((line) => line.includes(given.ticket))).toHaveLength(1)
  })

  test.each(['/v1/models', '/admin/api/../x?y', '', 'https://evil.test/admin/api/x'])(
    'is not given for %p',
    async (path) => {
      const admin = await startAdmin()
      expect((await admin.ask('POST', '/stream-tickets', { path })).status).toBe(400)
    },
  )
})

describe('the audit trail', () => {
  test('has one entry for every change, by whom, from where, under which request, and how it went', async () => {
    const admin = await startAdmin()
    const headers = await admin.login()
    await admin.request('/sync', { method: 'POST', headers, address: '203.0.113.5' })
    await admin.ask('POST', '/config', { nonsense: 1 })
    await admin.request('/sync', { method: 'POST' })
    await admin.ask('GET', '/status')
    const { actor } = await readJson<{ actor: string }>(await admin.request('/session', { headers }))
    const base = { at: admin.time.now, address: '192.0.2.1', requestId: expect.any(String), detail: {} }
    expect(admin.audit.entries).toEqual([
      { ...base, id: 1, action: 'session.login', actor: '-', status: 200, detail: { session: actor } },
      { ...base, id: 2, action: 'system.sync', actor, status: 200, address: '203.0.113.5' },
      {
        ...base,
        id: 3,
        action: 'config.save',
        actor: 'bearer',
        status: 400,
        detail: { keys: [], error: 'invalid_request' },
      },
      {
        ...base,
        id: 4,
        action: 'system.sync',
        actor: '-',
        status: 401,
        detail: { error: 'authentication_failed' },
      },
    ])
    expect(findSecrets(JSON.stringify([admin.audit.entries, admin.heard]))).toEqual([])
  })

  test('is required: nothing is done that cannot be recorded', async () => {
    let synced = 0
    const admin = await startAdmin({
      parts: {
        syncAccounts: async () => {
          synced++
          return true
        },
      },
    })
    admin.audit.failing = true
    const response = await admin.ask('POST', '/sync')
    expect(response.status).toBe(503)
    expect(response.headers.has('retry-after')).toBe(true)
    expect(synced).toBe(0)
    expect((await admin.ask('GET', '/verify')).status).toBe(200)
    admin.audit.failing = false
    expect((await admin.ask('POST', '/sync')).status).toBe(200)
    expect(admin.audit.entries.map(({ status }) => status)).toEqual([503, 200])
  })

  test('does not keep the doctor from telling that the store is down, and gets the entry later', async () => {
    const finding = {
      check: 'store',
      status: 'fail',
      message: 'The store does not answer.',
      elapsedMs: 1,
    } as const
    const admin = await startAdmin({
      parts: {
        doctor: async function* () {
          yield finding
        },
      },
    })
    admin.audit.failing = true
    const response = await admin.ask('POST', '/doctor', {})
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ ok: false, findings: [{ check: 'store', status: 'fail' }] })
    admin.audit.failing = false
    await admin.ask('POST', '/sync')
    expect(admin.audit.entries.map(({ action }) => action)).toEqual(['system.doctor', 'system.sync'])
  })

  test('is read page by page, newest first, and by action', async () => {
    const admin = await startAdmin()
    for (let count = 0; count < 3; count++) await admin.ask('POST', '/sync')
    await admin.ask('POST', '/config/reveal', { key: 'app.webui_key' })
    interface Page {
      readonly entries: readonly { readonly id: number; readonly action: string }[]
      readonly next_before_id: number | null
    }
    const read = async (query: string): Promise<Page> =>
      readJson<Page>(await admin.ask('GET', `/audit?${query}`))
    const first = await read('limit=2')
    expect(first.entries.map(({ id }) => id)).toEqual([4, 3])
    const second = await read(`limit=2&before_id=${first.next_before_id}`)
    expect(second).toMatchObject({ entries: [{ id: 2 }, { id: 1 }], next_before_id: null })
    expect((await read('action=config.*')).entries).toMatchObject([{ action: 'config.reveal' }])
    expect((await admin.ask('GET', '/audit?limit=0')).status).toBe(400)
    expect((await admin.ask('GET', '/audit?limit=100000')).status).toBe(400)
  })
})
