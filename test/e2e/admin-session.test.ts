import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../../src/cli/serve.ts'
import { askAdmin, logIn, postLogin, reopenPage } from '../harness/admin.ts'
import { API_KEY, startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'

const ADMIN_KEY = 'admin-test'

describe('the admin API', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.stop())

  test('takes the admin password and a session, and no other key of the gateway', async () => {
    const status = async (key: string): Promise<number> =>
      (await askAdmin(gateway.url, key, { path: '/verify' })).status
    expect(await status(ADMIN_KEY)).toBe(200)
    expect(await status(API_KEY)).toBe(401)
    expect((await fetch(`${gateway.url}/admin/api/verify?app_key=${ADMIN_KEY}`)).status).toBe(401)
    const page = await logIn(gateway.url, ADMIN_KEY)
    expect((await page.get('/verify')).status).toBe(200)
    expect((await page.post('/sync')).status).toBe(200)
    expect((await page.post('/logout')).status).toBe(200)
    expect((await page.get('/verify')).status).toBe(401)
  })

  test('refuses a foreign page that uses the cookie', async () => {
    const page = await logIn(gateway.url, ADMIN_KEY)
    const response = await fetch(`${gateway.url}/admin/api/sync`, {
      method: 'POST',
      headers: { cookie: page.cookie, origin: 'https://evil.test' },
    })
    expect(response.status).toBe(403)
  })

  test('tells how the gateway is doing', async () => {
    const ask = async (path: string): Promise<unknown> =>
      (await askAdmin(gateway.url, ADMIN_KEY, { path })).json()
    expect(await ask('/status')).toMatchObject({
      status: 'ok',
      size: 3,
      revision: expect.any(Number),
      selection_strategy: 'quota',
      accounts: { by_state: { active: 3 }, by_tier: { basic: 1, super: 1, heavy: 1 } },
      in_flight: 0,
    })
    expect(await ask('/storage')).toEqual({ type: 'local' })
    expect(await ask('/update')).toMatchObject({ status: 'disabled' })
  })

  test('answers every refusal in its one envelope, with the request id of the header', async () => {
    const answers = await Promise.all([
      fetch(`${gateway.url}/admin/api/nothing`),
      askAdmin(gateway.url, ADMIN_KEY, { path: '/nothing' }),
      askAdmin(gateway.url, ADMIN_KEY, { path: '/status', body: {} }),
      askAdmin(gateway.url, ADMIN_KEY, { path: '/config', body: { nonsense: 1 } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 405, 400])
    for (const answer of answers) {
      const { error } = await readJson<{ error: { request_id: string } }>(answer)
      expect(error.request_id).toBe(answer.headers.get('x-request-id') ?? '')
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })

  test('records what was done, from which address', async () => {
    await askAdmin(gateway.url, ADMIN_KEY, { path: '/sync', body: {} })
    const response = await askAdmin(gateway.url, ADMIN_KEY, { path: '/audit?action=system.sync&limit=1' })
    expect(await response.json()).toMatchObject({
      entries: [{ actor: 'bearer', address: '127.0.0.1', action: 'system.sync', status: 200 }],
    })
  })

  test('leaves only the name and the version open to everybody', async () => {
    const meta = await fetch(`${gateway.url}/meta`)
    expect(await meta.json()).toEqual({ name: 'grok2api', version: expect.any(String) })
    expect((await fetch(`${gateway.url}/admin/api/version`)).status).toBe(401)
    expect((await fetch(`${gateway.url}/admin/api/openapi.json`)).status).toBe(401)
  })
})

test('guessing the password is slowed down, for wrong bearer keys as for logins', async () => {
  const gateway = await startGateway()
  for (let count = 0; count < 3; count++) await postLogin(gateway.url, `wrong-${count}`)
  for (let count = 0; count < 2; count++) await askAdmin(gateway.url, `wrong-${count}`, { path: '/verify' })
  const refused = await postLogin(gateway.url, ADMIN_KEY)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20)
  await gateway.stop()
})

test('a session goes on after a restart, and no secret is in any log', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-admin-'))
  const password = 'planted-admin-password-0001'
  const variables = {
    DATA_DIR: dataDir,
    LOG_DIR: join(dataDir, 'logs'),
    LOG_LEVEL: 'ERROR',
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: '0',
    GROK_APP_APP_KEY: password,
    GROK_APP_API_KEY: 'planted-api-key-0002',
    GROK_LOGGING_FILE_LEVEL: 'DEBUG',
  }
  const first = await serve(variables)
  const page = await logIn(first.url, password)
  const { ticket } = await readJson<{ ticket: string }>(
    await page.post('/stream-tickets', { path: '/admin/api/test/stream' }),
  )
  await fetch(`${first.url}/admin/api/test/stream?ticket=${ticket}&app_key=${password}`)
  await first.close()
  const second = await serve(variables)
  const again = await reopenPage(second.url, page)
  expect((await again.get('/verify')).status).toBe(200)
  expect((await again.post('/config/reveal', { key: 'app.api_key' })).status).toBe(200)
  await second.close()
  const files = await readdir(variables.LOG_DIR)
  const logs = await Promise.all(files.map((name) => readFile(join(variables.LOG_DIR, name), 'utf8')))
  const text = logs.join('\n')
  expect(text).toContain('/admin/api/login')
  const secrets = [password, variables.GROK_APP_API_KEY, ticket, page.cookie]
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  await rm(dataDir, { recursive: true, force: true })
}, 20_000)
