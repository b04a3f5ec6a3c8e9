import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logIn, type AdminPage } from '../harness/admin.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'

interface History {
  readonly revisions: readonly { readonly id: number; readonly actor: string; readonly changed: string[] }[]
}

describe('the configuration', () => {
  let gateway: TestGateway
  let page: AdminPage
  beforeAll(async () => {
    gateway = await startGateway()
    page = await logIn(gateway.url, 'admin-test')
  })
  afterAll(() => gateway.stop())

  const thinks = async (): Promise<boolean> => {
    const body = { model: 'grok-4.20-fast', messages: [{ role: 'user', content: '[[T2]]' }] }
    const response = await gateway.post('/v1/chat/completions', body)
    expect(response.status).toBe(200)
    return (await response.text()).includes('reasoning_content')
  }

  test('that a page saves is in force at the next request, is in the file, and can be taken back', async () => {
    expect(await thinks()).toBe(true)
    const saved = await page.post('/config', { features: { thinking: false } })
    expect(await saved.json()).toMatchObject({ status: 'success', selection_strategy: 'quota' })
    expect(await thinks()).toBe(false)
    expect(await readFile(join(gateway.dataDir, 'config.toml'), 'utf8')).toContain('thinking = false')
    const { revisions } = await readJson<History>(await page.get('/config/history'))
    expect(revisions.map(({ actor }) => actor)).toEqual([expect.stringMatching(/^.{8}$/), 'outside'])
    expect(revisions[0]?.changed).toEqual(['features.thinking'])
    const back = await page.post('/config/rollback', { id: revisions[1]?.id })
    expect(await back.json()).toMatchObject({ changed: ['features.thinking'], skipped: [] })
    expect(await thinks()).toBe(true)
  })

  test('shows what the environment locks, and lets a page send everything back as it was', async () => {
    const details = await readJson<{ settings: { key: string; value: unknown; locked: boolean }[] }>(
      await page.get('/config/details'),
    )
    const key = details.settings.find((setting) => setting.key === 'app.api_key')
    expect(key).toMatchObject({ value: ['••••'], locked: true })
    const all = await (await page.get('/config')).json()
    expect((await page.post('/config', all)).status).toBe(200)
    expect(await thinks()).toBe(true)
  })

  test('refuses faults with every field, and storage settings by name', async () => {
    const refused = await page.post('/config', { chat: { timeout: -1 }, app: { api_key: ['x'] }, no: 1 })
    expect(refused.status).toBe(400)
    const { error } = await readJson<{ error: { fields: { key: string }[] } }>(refused)
    expect(error.fields.map(({ key }) => key).sort()).toEqual(['app.api_key', 'chat.timeout', 'no'])
    const startup = await page.post('/config', { account: { storage: 'redis' } })
    expect(await startup.json()).toMatchObject({ error: { code: 'startup_only_config' } })
  })

  test('tests the public address against this very gateway', async () => {
    const own = await page.post('/config/test/public-url', { url: gateway.url })
    expect(await own.json()).toMatchObject({ ok: true, problem: null })
    const other = await startGateway()
    const wrong = await page.post('/config/test/public-url', { url: other.url })
    expect(await wrong.json()).toMatchObject({ ok: false, problem: 'not_this_gateway' })
    await other.stop()
    const closed = await page.post('/config/test/public-url', { url: other.url })
    expect(await closed.json()).toMatchObject({ ok: false, problem: 'refused' })
  })
})
