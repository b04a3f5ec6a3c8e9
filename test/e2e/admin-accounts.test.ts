import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { logIn, type AdminPage } from '../harness/admin.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'

interface Row {
  readonly id: number
  readonly token: string
  readonly status: string
  readonly use_count: number
  readonly fail_count: number
  readonly success_rate: number | null
  readonly last_failure: { readonly code: string } | null
}

interface List {
  readonly tokens: readonly Row[]
  readonly total: number
  readonly matched: number
  readonly next_cursor: string | null
}

const CHAT = '/rest/app-chat/*'
const PASSWORD = 'admin-test'
const LONG_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.a-secret-that-nobody-sees.sig1'

let gateway: TestGateway
let page: AdminPage
beforeEach(async () => {
  gateway = await startGateway({
    accounts: [
      { token: LONG_TOKEN, tier: 'super' },
      { token: 'token-basic', tier: 'basic' },
    ],
  })
  page = await logIn(gateway.url, PASSWORD)
})
afterEach(() => gateway.stop())

const list = async (query = ''): Promise<List> => readJson<List>(await page.get(`/tokens?${query}`))

const send = (method: string, path: string, body: unknown): Promise<Response> =>
  fetch(`${gateway.url}/admin/api${path}`, {
    method,
    headers: { authorization: `Bearer ${PASSWORD}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const chat = (): Promise<Response> =>
  gateway.post('/v1/chat/completions', {
    model: 'grok-4.20-fast',
    messages: [{ role: 'user', content: '[[T1]]' }],
  })

describe('the list', () => {
  test('shows failed and good calls with their rate and reason, in the list and in the detail', async () => {
    await send('POST', '/tokens/disabled', { token: 'token-basic', disabled: true })
    expect((await chat()).status).toBe(200)
    await gateway.emulator.addFault({ path: CHAT, action: { type: 'http', kind: 'unauthorized' } })
    expect((await chat()).status).toBe(503)
    const { tokens } = await list('tier=super')
    const expected = {
      status: 'needs-login',
      use_count: 1,
      fail_count: 1,
      success_rate: 0.5,
      last_failure: { code: 'credential_invalid' },
      state: { cause: { code: 'credential_invalid' } },
    }
    expect(tokens).toMatchObject([expected])
    expect(await (await page.get(`/tokens/${tokens[0]?.id}`)).json()).toMatchObject(expected)
  })

  test('shows no secret; revealing does, and is recorded', async () => {
    const text = await (await page.get('/tokens')).text()
    expect(text).toContain('eyJh…sig1')
    expect(text).not.toContain('a-secret-that-nobody-sees')
    const { tokens } = await list('tier=super')
    const revealed = await page.post('/tokens/reveal', { ids: tokens.map(({ id }) => id) })
    expect(await revealed.json()).toMatchObject({ tokens: [{ token: LONG_TOKEN }] })
    const audit = await (await page.get('/audit?action=accounts.*')).text()
    expect(audit).toContain('accounts.reveal')
    expect(audit).not.toContain('a-secret-that-nobody-sees')
  })
})

describe('a change', () => {
  test('holds from the next request on: disabled accounts serve nobody, enabled ones do again', async () => {
    const { tokens } = await list()
    const ids = tokens.map(({ id }) => id)
    await page.post('/tokens/disabled/batch', { ids, disabled: true })
    expect((await chat()).status).toBe(429)
    await page.post('/tokens/disabled/batch', { ids, disabled: false })
    expect((await chat()).status).toBe(200)
  })

  test('of a token is used at once, and keeps the counts', async () => {
    await send('POST', '/tokens/disabled', { token: 'token-basic', disabled: true })
    expect((await chat()).status).toBe(200)
    await gateway.emulator.setAccounts([{ token: 'token-anew', tier: 'super' }])
    const edited = await send('PUT', '/tokens/edit', { old_token: LONG_TOKEN, token: 'token-anew' })
    expect(edited.status).toBe(200)
    expect((await chat()).status).toBe(200)
    expect((await list('tier=super')).tokens).toMatchObject([{ use_count: 2, fail_count: 0 }])
    const conflict = await send('PUT', '/tokens/edit', { old_token: 'token-anew', token: 'token-basic' })
    expect(conflict.status).toBe(409)
    expect(await conflict.json()).toMatchObject({ error: { code: 'token_conflict' } })
  })

  test('that deletes is true in the store, and can be undone there', async () => {
    const deleted = await readJson<{ deleted: number; ids: number[] }>(
      await send('DELETE', '/tokens', ['token-basic', LONG_TOKEN, 'no such token']),
    )
    expect(deleted.deleted).toBe(2)
    expect((await chat()).status).toBe(429)
    expect(await (await page.get('/tokens/deleted')).json()).toMatchObject({ total: 2 })
    expect(await (await page.post('/tokens/restore', { ids: deleted.ids })).json()).toEqual({ restored: 2 })
    expect((await chat()).status).toBe(200)
    const stored = await gateway.stopAndReadAccounts()
    expect(stored.map(({ state }) => state.status)).toEqual(['active', 'active'])
  })
})

describe('an import', () => {
  test('of JSON with default options deletes nothing', async () => {
    const content = JSON.stringify({ basic: ['token-other'], super: [] })
    const imported = await page.post('/import', { content })
    expect(await imported.json()).toMatchObject({ format: 'json', counts: { added: 1, deleted: 0 } })
    const saved = await page.post('/tokens', { basic: ['token-third'], super: [] })
    expect(await saved.json()).toMatchObject({ added: 1, deleted: 0 })
    expect((await list()).total).toBe(4)
  })

  test('refuses a token that is a script, and stores nothing of it', async () => {
    const script = '<svg/onload=alert(1)>'
    const added = await page.post('/tokens/add', { tokens: [script] })
    expect(await added.json()).toMatchObject({ count: 0, refused: [{ index: 0 }] })
    const imported = await (await page.post('/import', { content: script })).text()
    expect(JSON.parse(imported)).toMatchObject({ counts: { added: 0, refused: 1 } })
    expect(imported).not.toContain('svg')
    expect((await list()).total).toBe(2)
  })

  test('of 12,000 in one call has all of them reachable', async () => {
    const tokens = Array.from({ length: 12_000 }, (_, index) => `bulk-token-${index}`)
    const added = await readJson<{ count: number; ids: number[] }>(await page.post('/tokens/add', { tokens }))
    expect(added.count).toBe(12_000)
    const found = new Set<number>()
    for (let cursor: string | null = ''; cursor !== null;) {
      const { tokens: rows, next_cursor: next }: List = await list(`limit=1000&fields=id&cursor=${cursor}`)
      for (const { id } of rows) found.add(id)
      cursor = next
    }
    expect(found.size).toBe(12_002)
    expect(added.ids.every((id) => found.has(id))).toBe(true)
    const status = await readJson<{ size: number }>(await page.get('/status'))
    expect(status.size).toBe(12_002)
    expect((await list('search=bulk-token-11999')).matched).toBe(1)
  }, 30_000)
})

test('a backup of one gateway brings its accounts back on another', async () => {
  const { tokens } = await list('tier=super')
  await page.post('/tokens/disabled', { id: tokens[0]?.id, disabled: true })
  const passphrase = 'correct horse battery'
  const backup: unknown = await (await page.post('/backup', { passphrase })).json()
  expect(JSON.stringify(backup)).not.toContain('token')
  const other = await startGateway({ accounts: [] })
  try {
    const otherPage = await logIn(other.url, PASSWORD)
    const restored = await otherPage.post('/restore', { backup, passphrase })
    expect(await restored.json()).toMatchObject({ counts: { added: 2, refused: 0 } })
    const rows = await readJson<List>(await otherPage.get('/tokens?sort=id'))
    expect(rows.tokens.map(({ status }) => status).sort()).toEqual(['active', 'disabled'])
    expect(rows.tokens.find(({ status }) => status === 'disabled')?.token).toBe('eyJh…sig1')
  } finally {
    await other.stop()
  }
})
