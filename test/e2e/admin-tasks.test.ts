import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askAdmin } from '../harness/admin.ts'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { readSse } from '../harness/sse.ts'

let gateway: TestGateway

beforeEach(async () => {
  const accounts = Array.from({ length: 12 }, (_, index) => ({
    token: `token-${index}`,
    tier: 'super' as const,
  }))
  gateway = await startGateway({
    accounts,
    environment: { GROK_UPSTREAM_ACCOUNTS_URL: 'http://127.0.0.1:9' },
  })
})

afterEach(() => gateway.stop())

const ask = (path: string, body?: unknown, url = gateway.url): Promise<Response> =>
  askAdmin(url, 'admin-test', { path, ...(body !== undefined && { body }) })

interface Task {
  task_id: string
  status: string
  total: number
  ok: number
  fail: number
}

async function startTask(path: string, body: unknown): Promise<string> {
  const response = await ask(path, body)
  expect(response.status).toBe(200)
  return (await readJson<Task>(response)).task_id
}

async function finished(id: string): Promise<Task> {
  const look = async (): Promise<Task> => readJson(await ask(`/tasks/${id}`))
  return eventually(look, ({ status }) => status !== 'queued' && status !== 'running', 10_000)
}

describe('a task over many accounts', () => {
  test('refreshes their quota, and shows its progress as a stream on any process', async () => {
    await gateway.emulator.patchAccount('token-3', { quotas: { fast: { remaining: 5 } } })
    await gateway.emulator.addFault({
      path: '/rest/rate-limits',
      action: { type: 'latency', headersMilliseconds: 50 },
    })
    const id = await startTask('/batch/refresh?async=true', { all: true })
    const second = await gateway.startSecond()
    const { events } = await readSse(await ask(`/batch/${id}/stream`, undefined, second.url))
    const types = events.map(({ data }) => JSON.parse(data).type)
    expect(types[0]).toBe('snapshot')
    expect(types.at(-1)).toBe('done')
    expect(JSON.parse(events.at(-1)?.data ?? '{}')).toMatchObject({ total: 12, ok: 12, fail: 0 })
    const accounts = await gateway.stopAndReadAccounts()
    expect(accounts.map(({ syncedAt }) => syncedAt).every(Boolean)).toBe(true)
    expect(accounts.find(({ email }) => email === 'token-3@example.org')?.quota.fast).toMatchObject({
      remaining: 5,
      total: 140,
      source: 'real',
    })
  })

  test('without "async" is answered when it is done, with what came of each account', async () => {
    await gateway.emulator.patchAccount('token-1', { state: 'blocked' })
    const answer = await readJson<{ summary: object; results: Record<string, object> }>(
      await ask('/batch/refresh', { ids: [1, 2, 3] }),
    )
    expect(answer.summary).toEqual({ total: 3, ok: 2, fail: 1 })
    expect(answer.results['1']).toEqual({ refreshed: 1 })
    expect(answer.results['2']).toMatchObject({ code: 'account_blocked' })
  })

  test('that failed for some is tried again for those alone', async () => {
    await gateway.emulator.addFault({
      path: '/rest/rate-limits',
      token: 'token-0',
      times: 10,
      action: { type: 'http', kind: 'unauthorized' },
    })
    const id = await startTask('/batch/refresh?async=true', { all: true })
    expect(await finished(id)).toMatchObject({ total: 12, ok: 11, fail: 1 })
    const { items } = await readJson<{ items: object[] }>(await ask(`/tasks/${id}/items?status=failed`))
    expect(items).toMatchObject([{ account_id: 1, detail: { code: 'credential_invalid' } }])
    await gateway.emulator.clearFaults()
    const retry = await startTask(`/tasks/${id}/retry`, {})
    expect(await finished(retry)).toMatchObject({ total: 1, ok: 1, fail: 0 })
  })

  test('is cancelled from another process, and what was not begun is left out', async () => {
    await gateway.emulator.addFault({
      path: '/rest/*',
      action: { type: 'latency', headersMilliseconds: 300 },
    })
    await ask('/config', { 'batch.refresh_concurrency': 1 })
    const id = await startTask('/batch/refresh?async=true', { all: true })
    const second = await gateway.startSecond()
    expect((await ask(`/batch/${id}/cancel`, {}, second.url)).status).toBe(200)
    const task = await finished(id)
    expect(task.status).toBe('cancelled')
    expect(task.ok).toBeLessThan(12)
  }, 20_000)

  test('stands in the list after a restart', async () => {
    const id = await startTask('/batch/refresh?async=true', { ids: [1] })
    await finished(id)
    const second = await gateway.startSecond()
    const { tasks } = await readJson<{ tasks: Task[] }>(await ask('/tasks', undefined, second.url))
    expect(tasks[0]).toMatchObject({ task_id: id, status: 'completed', ok: 1 })
  })

  test.each([
    ['names no account', {}],
    ['has an empty list, which once meant all', { tokens: [] }],
  ])('that %s is refused', async (_, body) => {
    expect((await ask('/batch/nsfw?enabled=true', body)).status).toBe(400)
    expect(await gateway.emulator.requests({ path: '/auth_mgmt*' })).toEqual([])
  })
})

describe("an account owner's settings", () => {
  const settingsOf = async (token: string) =>
    (await gateway.emulator.accounts()).find((account) => account.token === token)?.ownerSettings

  test('a birth date is sent only as typed and confirmed; nothing else follows from it', async () => {
    expect((await ask('/accounts/1/birth-date', { birth_date: '1990-05-17' })).status).toBe(400)
    expect((await ask('/accounts/1/birth-date', { birth_date: '17.5.1990', confirm: true })).status).toBe(400)
    expect((await settingsOf('token-0'))?.birthDate).toBeNull()
    const answer = await ask('/accounts/1/birth-date', { birth_date: '1990-05-17', confirm: true })
    expect(await answer.json()).toEqual({ status: 'success', result: 'set' })
    expect(await settingsOf('token-0')).toMatchObject({
      birthDate: '1990-05-17T16:00:00.000Z',
      accountTermsAccepted: false,
    })
  })

  test('terms are accepted only by an action that names them', async () => {
    expect((await ask('/accounts/1/accept-terms', { confirm: true })).status).toBe(400)
    expect((await ask('/accounts/1/accept-terms', { accept: ['all'], confirm: true })).status).toBe(400)
    expect(await gateway.emulator.requests({ path: '/rest/auth/*' })).toEqual([])
  })

  test('switching adult content on does not make up what the upstream asks for first', async () => {
    expect((await ask('/accounts/1/nsfw', { enabled: true })).status).toBe(503)
    const id = await startTask('/batch/nsfw?async=true&enabled=true', { ids: [1, 2] })
    expect(await finished(id)).toMatchObject({ fail: 2 })
    expect(await settingsOf('token-0')).toMatchObject({
      nsfw: false,
      birthDate: null,
      accountTermsAccepted: false,
    })
    expect((await ask('/accounts/1/nsfw', { enabled: false })).status).toBe(200)
  })
})

describe('files at the upstream', () => {
  test('are listed by page and cleared to the last one', async () => {
    const cookie = 'sso=token-0; sso-rw=token-0'
    const { baseUrl } = {
      baseUrl: (await readJson<{ upstream: { base_url: string } }>(await ask('/config'))).upstream.base_url,
    }
    for (let n = 0; n < 130; n++) {
      await fetch(`${baseUrl}/rest/app-chat/upload-file`, {
        method: 'POST',
        headers: { cookie },
        body: JSON.stringify({ fileName: `f${n}.txt`, fileMimeType: 'text/plain', content: 'eA==' }),
      })
    }
    const page = await readJson<{ assets: { id: string }[]; next_page_token: string | null }>(
      await ask('/assets/1'),
    )
    expect(page.assets).toHaveLength(100)
    expect(page.next_page_token).not.toBeNull()
    await gateway.emulator.patchAccount('token-1', { state: 'invalid' })
    const overview = await readJson<{ tokens: { count: number; error: string | null }[] }>(
      await ask('/assets?limit=3'),
    )
    expect(overview).toMatchObject({ total_assets: 100, next_cursor: 3 })
    expect(overview.tokens.map(({ count }) => count)).toEqual([100, 0, 0])
    expect(overview.tokens.map(({ error }) => error !== null)).toEqual([false, true, false])
    const deleted = await ask('/assets/delete-item', { id: 1, asset_id: page.assets[0]?.id })
    expect(deleted.status).toBe(200)
    expect(await (await ask('/assets/clear-token', { id: 1 })).json()).toEqual({
      status: 'success',
      deleted: 129,
    })
    expect(await (await ask('/assets/1')).json()).toEqual({ assets: [], next_page_token: null })
  })
})

test('files that the gateway keeps are counted, listed and deleted, never anything beside them', async () => {
  const images = join(gateway.dataDir, 'files/images')
  await mkdir(images, { recursive: true })
  for (const name of ['a.jpg', 'b.png', 'c.jpg']) await writeFile(join(images, name), 'x'.repeat(10))
  expect(await (await ask('/cache')).json()).toMatchObject({
    local_image: { count: 3, size_bytes: 30, limit_mb: 0 },
    local_video: { count: 0 },
  })
  const list = await (await ask('/cache/list?type=image&page=2&page_size=2')).json()
  expect(list).toMatchObject({ total: 3, page: 2, page_size: 2, items: [{ size_bytes: 10 }] })
  expect((await ask('/cache/item/delete', { type: 'image', name: '../../accounts.db' })).status).toBe(400)
  expect((await ask('/cache/item/delete', { type: 'image', name: 'none.jpg' })).status).toBe(404)
  expect(await (await ask('/cache/item/delete', { type: 'image', name: 'a.jpg' })).json()).toMatchObject({
    result: { deleted: 'a.jpg' },
  })
  const several = await ask('/cache/items/delete', { type: 'image', names: ['b.png', 'none.jpg'] })
  expect(await several.json()).toMatchObject({ result: { deleted: 1, missing: 1 } })
  expect(await (await ask('/cache/clear', { type: 'image' })).json()).toMatchObject({
    result: { removed: 1 },
  })
})
