import { afterAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import {
  findSecrets,
  ORIGIN,
  planted,
  startAdmin,
  type TestAdmin,
  type TestRequest,
} from './admin-for-tests.ts'
import { adminRoute, noInput, type AdminRoute } from './route.ts'
import { SESSION_COOKIE } from './session-cookie.ts'
import { SESSION_IDLE_SECONDS, Sessions } from './sessions.ts'

/** A stream, since the foundation has none of its own. */
const stream: AdminRoute = adminRoute({
  method: 'get',
  path: '/test/:id/stream',
  policy: 'admin-stream',
  audit: 'none',
  summary: 'For this test.',
  input: noInput,
  answer: z.string(),
  handler: () => new Response('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } }),
})

const heard: string[] = []
const probe = await startAdmin({ more: [stream], heard })
const { routes } = probe
const closed = routes.filter(({ policy }) => policy !== 'public')
const changing = closed.filter(({ method }) => method !== 'get')

afterAll(() => {
  expect(findSecrets(heard.join('\n'))).toEqual([])
})

const start = (): Promise<TestAdmin> => startAdmin({ more: [stream], heard })

const pathOf = ({ path }: AdminRoute): string => path.replaceAll(/:\w+/g, '1')
const nameOf = (route: AdminRoute): string => `${route.method.toUpperCase()} ${route.path}`
const table = (list: readonly AdminRoute[]): [string, AdminRoute][] =>
  list.map((route) => [nameOf(route), route])

/** Sends a request that a route would take, but for who it is from. */
function send(admin: TestAdmin, route: AdminRoute, init: TestRequest = {}): Promise<Response> {
  const body = route.method === 'get' ? {} : { body: {} }
  return admin.request(pathOf(route), { method: route.method.toUpperCase(), ...body, ...init })
}

const bearer = (key: string): TestRequest => ({ headers: { authorization: `Bearer ${key}` } })

describe('the route table', () => {
  test('has a policy and an audit name for everything that is served below /admin/api', () => {
    const served = new Set(
      probe.app.routes
        .filter(({ method, path }) => path.startsWith('/admin/api') && method !== 'ALL')
        .map(({ method, path }) => `${method} ${path.slice('/admin/api'.length)}`),
    )
    expect([...served].sort()).toEqual(routes.map(nameOf).sort())
  })

  test('lets nothing catch whole paths but the refusal of the rest', () => {
    const caught = probe.app.routes.filter(({ method, path }) => method === 'ALL' && path !== '/*')
    expect(new Set(caught.map(({ path }) => path))).toEqual(new Set(['/admin/api/*']))
    expect(caught).toHaveLength(2)
  })

  test('opens nothing to the public but the login', () => {
    expect(routes.filter(({ policy }) => policy === 'public').map(nameOf)).toEqual(['POST /login'])
  })

  test('has every change audited under its own name, and no read', () => {
    const wrong = routes.filter(({ method, audit }) => (method === 'get') !== (audit === 'none'))
    expect(wrong.map(nameOf)).toEqual([])
    const names = routes.map(({ audit }) => audit).filter((name) => name !== 'none')
    expect(new Set(names).size).toBe(names.length)
  })

  test('does nothing that cannot be recorded but what changes nothing', () => {
    expect(routes.filter(({ runsWithoutTrail }) => runsWithoutTrail).map(nameOf)).toEqual(['POST /doctor'])
  })
})

describe.each(table(closed))('%s refuses', (_name, route) => {
  const cookie = (value: string): TestRequest => ({
    headers: { cookie: `${SESSION_COOKIE}=${value}`, origin: ORIGIN },
  })

  const strangers: readonly [string, (admin: TestAdmin) => TestRequest][] = [
    ['nobody', () => ({})],
    ['a wrong key', () => bearer('wrong')],
    ['an empty key', () => bearer('')],
    ['an API key', () => bearer(planted.apiKeys[0])],
    ['the key of the web pages', () => bearer(planted.webuiKey)],
    ['the admin password as x-api-key', () => ({ headers: { 'x-api-key': planted.appKey } })],
    ['a cookie that is no token', () => cookie('x')],
    ['a session of another installation', () => cookie(foreignSession())],
  ]
  test.each(strangers)('%s', async (_who, init) => {
    const admin = await start()
    const response = await send(admin, route, init(admin))
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      error: {
        code: 'authentication_failed',
        message: expect.any(String),
        request_id: expect.any(String),
      },
    })
  })

  test('the admin password or a ticket for another path in the address', async () => {
    const admin = await start()
    const asked = { ...route, path: `${route.path}?app_key=${planted.appKey}&ticket=x` } as AdminRoute
    expect((await send(admin, asked)).status).toBe(401)
  })

  test('a session that was changed, and one that has ended', async () => {
    const admin = await start()
    const headers = await admin.login()
    const last = headers['cookie']?.at(-1)
    const changed = `${headers['cookie']?.slice(0, -1)}${last === 'A' ? 'B' : 'A'}`
    expect((await send(admin, route, { headers: { ...headers, cookie: changed } })).status).toBe(401)
    admin.time.now += SESSION_IDLE_SECONDS * 1000
    expect((await send(admin, route, { headers })).status).toBe(401)
  })

  test('everybody while no password is set', async () => {
    const admin = await startAdmin({ stored: { app: { app_key: '', api_key: [] } }, more: [stream] })
    const response = await send(admin, route, bearer(''))
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('closed')
  })
})

function foreignSession(): string {
  const sessions = new Sessions({
    sessionKey: Buffer.alloc(32, 1),
    appKey: () => planted.appKey,
    clock: Date.now,
  })
  return sessions.encode(sessions.start())
}

describe.each(table(changing))('%s with a session cookie refuses', (_name, route) => {
  test.each([
    ['a request without the CSRF token', { 'x-csrf-token': '' }],
    ['a wrong CSRF token', { 'x-csrf-token': 'wrong' }],
    ['a foreign page', { origin: 'https://evil.test' }],
    ['a page without an origin', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour on the same site', { 'sec-fetch-site': 'same-site' }],
  ])('%s, and records it', async (_title, change) => {
    const admin = await start()
    const headers = { ...(await admin.login()), ...change }
    const response = await send(admin, route, { headers })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'forbidden' } })
    expect(admin.audit.entries.at(-1)).toMatchObject({ action: route.audit, status: 403 })
  })

  test('the token of another session, and a request that does not say where it is from', async () => {
    const admin = await start()
    const [own, other] = [await admin.login(), await admin.login()]
    const swapped = { ...own, 'x-csrf-token': other['x-csrf-token'] ?? '' }
    expect((await send(admin, route, { headers: swapped })).status).toBe(403)
    const silent = Object.fromEntries(Object.entries(own).filter(([name]) => name !== 'origin'))
    expect((await send(admin, route, { headers: silent })).status).toBe(403)
  })
})

describe.each(table(closed))('%s', (_name, route) => {
  test('lets in the admin password, and a session with all that it needs', async () => {
    const admin = await start()
    const headers = await admin.login()
    const refused = [401, 403, 404, 405, 429, 500, 503]
    expect(refused).not.toContain((await send(admin, route, { headers })).status)
    expect(refused).not.toContain((await send(admin, route, bearer(planted.appKey))).status)
  })

  test('is never kept by a browser or shown in a frame', async () => {
    const admin = await start()
    for (const init of [{}, bearer(planted.appKey)]) {
      const { headers } = await send(admin, route, init)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })
})

describe('a path that is not there', () => {
  test('is told only to who is logged in', async () => {
    const admin = await start()
    expect((await admin.request('/nothing')).status).toBe(401)
    const missing = await admin.ask('GET', '/nothing')
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { code: 'not_found' } })
    expect(missing.headers.get('cache-control')).toBe('no-store')
  })

  test('is a 405 where another method is', async () => {
    const admin = await start()
    expect((await admin.request('/status', { method: 'POST', body: {} })).status).toBe(401)
    const wrong = await admin.ask('DELETE', '/test/1/stream')
    expect(wrong.status).toBe(405)
    expect(await wrong.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
  })
})
