import { afterEach, describe, expect, test } from 'bun:test'
import { readJson } from '../../../test/harness/json.ts'
import { findSecrets, planted, startAdmin, STORED, type TestAdmin } from './admin-for-tests.ts'
import { MASK } from './mask.ts'

const heard: string[] = []
afterEach(() => {
  expect(findSecrets(heard.splice(0).join('\n'))).toEqual([])
})

const start = (options: Parameters<typeof startAdmin>[0] = {}): Promise<TestAdmin> =>
  startAdmin({ heard, ...options })

interface Refusal {
  readonly error: { readonly code: string; readonly fields: readonly { key: string; message: string }[] }
}
type Nested = Readonly<Record<string, Readonly<Record<string, unknown>>>>

describe('GET /admin/api/config', () => {
  test('has every setting in force at its place, and every secret masked', async () => {
    const admin = await start({ environment: { GROK_RETRY_MAX_RETRIES: '3' } })
    const config = await readJson<Nested>(await admin.ask('GET', '/config'))
    expect(config['app']).toEqual({
      app_key: `${MASK}0001`,
      app_url: '',
      api_key: [`${MASK}1111`, `${MASK}2222`],
      trusted_proxies: ['127.0.0.0/8', '::1/128'],
      cors_origins: [],
      webui_enabled: false,
      webui_key: `${MASK}3333`,
    })
    expect(config['retry']?.['max_retries']).toBe(3)
    expect(config['features']?.['stream']).toBe(false)
    expect(config['proxy']?.['egress']).toMatchObject({ proxy_url: `${MASK}8080`, proxy_pool: [] })
  })

  test('can be sent back as it is, even with settings that the environment locks: no secret changes', async () => {
    const admin = await start({ environment: { GROK_APP_APP_KEY: planted.appKey, GROK_CHAT_TIMEOUT: '7' } })
    const before = admin.settings.current
    const config = await (await admin.ask('GET', '/config')).json()
    expect((await admin.ask('POST', '/config', config)).status).toBe(200)
    expect(admin.settings.current).toEqual(before)
  })
})

describe('GET /admin/api/config/schema and /details', () => {
  test('describe every setting once, with its bounds, choices and environment name', async () => {
    const admin = await start()
    const { settings } = await readJson<{ settings: readonly Record<string, unknown>[] }>(
      await admin.ask('GET', '/config/schema'),
    )
    const find = (key: string) => settings.find((setting) => setting['key'] === key)
    expect(find('retry.max_retries')).toMatchObject({
      type: 'whole-number',
      default: 1,
      unit: 'attempts',
      minimum: 0,
      maximum: 20,
      effect: 'live',
      secret: false,
      environment_name: 'GROK_RETRY_MAX_RETRIES',
    })
    expect(find('proxy.egress.mode')).toMatchObject({
      choices: ['direct', 'single_proxy', 'proxy_pool'],
    })
    expect(find('batch.asset_upload_concurrency')).toMatchObject({ effect: 'restart' })
    expect(find('app.app_key')).toMatchObject({ secret: true, default: '' })
  })

  test('tell for every setting where it comes from, and what needs attention', async () => {
    const stored = { ...STORED, features: { stream: true, nonsense: 1 } }
    const admin = await start({ stored, environment: { GROK_CHAT_TIMEOUT: '7' } })
    const details = await readJson<{ version: string; settings: { key: string }[]; warnings: unknown[] }>(
      await admin.ask('GET', '/config/details'),
    )
    const find = (key: string) => details.settings.find((setting) => setting.key === key)
    expect(details.version).toBe('1')
    expect(find('features.stream')).toMatchObject({
      value: true,
      origin: 'stored',
      locked: false,
      effect: 'live',
    })
    expect(find('chat.timeout')).toMatchObject({ value: 7, origin: 'environment', locked: true })
    expect(find('image.timeout')).toMatchObject({ origin: 'default', locked: false })
    expect(find('app.api_key')).toMatchObject({ value: [`${MASK}1111`, `${MASK}2222`] })
    expect(details.warnings).toMatchObject([{ key: 'features.nonsense', origin: 'stored' }])
  })
})

describe('POST /admin/api/config', () => {
  test.each([
    ['nested', { account: { refresh: { enabled: false } } }],
    ['dotted', { 'account.refresh.enabled': false }],
    ['half and half', { account: { refresh: { enabled: false } }, 'chat.timeout': 60 }],
  ])('saves a %s patch, puts it in force and tells the strategy', async (_title, patch) => {
    const admin = await start()
    const response = await admin.ask('POST', '/config', patch)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'success',
      message: expect.any(String),
      selection_strategy: 'random',
      version: '2',
      login_required: false,
    })
    expect(admin.settings.current.account.refresh.enabled).toBe(false)
    expect(admin.audit.entries.at(-1)).toMatchObject({
      action: 'config.save',
      detail: { keys: expect.arrayContaining(['account.refresh.enabled']) },
    })
  })

  test('names every fault at once and changes nothing', async () => {
    const admin = await start({ environment: { GROK_CHAT_TIMEOUT: '7' } })
    const response = await admin.ask('POST', '/config', {
      app: { app_url: 'nowhere', app_key: `${MASK}9999`, api_key: null },
      chat: { timeout: 9 },
      retry: { max_retries: 'x' },
      features: { strem: true },
    })
    expect(response.status).toBe(400)
    const { error } = await readJson<Refusal>(response)
    expect(error.code).toBe('invalid_request')
    expect(error.fields.map(({ key }) => key).sort()).toEqual([
      'app.api_key',
      'app.app_key',
      'app.app_url',
      'chat.timeout',
      'features.strem',
      'retry.max_retries',
    ])
    expect([admin.settings.version, admin.history]).toEqual(['1', []])
  })

  test.each(['storage', 'local', 'redis', 'mysql', 'postgresql'])(
    'says that account.%s is decided at the start',
    async (group) => {
      const admin = await start()
      for (const patch of [{ account: { [group]: { url: 'x' } } }, { [`account.${group}.url`]: 'x' }]) {
        const response = await admin.ask('POST', '/config', patch)
        expect(response.status).toBe(400)
        expect(await response.json()).toMatchObject({ error: { code: 'startup_only_config' } })
      }
    },
  )

  test('refuses a save over a version that the page has not seen', async () => {
    const admin = await start()
    expect((await admin.ask('POST', '/config', { version: '1', 'chat.timeout': 5 })).status).toBe(200)
    const late = await admin.ask('POST', '/config', { version: '1', 'chat.timeout': 6 })
    expect(late.status).toBe(409)
    expect(await late.json()).toMatchObject({ error: { code: 'conflict' } })
    expect(admin.settings.current.chat.timeout).toBe(5)
  })

  test.each([[null], [[]], ['text'], [1]])('refuses a body that is no object: %p', async (body) => {
    const admin = await start()
    expect((await admin.ask('POST', '/config', body)).status).toBe(400)
  })

  test('takes one key out of the list and adds another, by their masks', async () => {
    const admin = await start()
    await admin.ask('POST', '/config', { app: { api_key: [`${MASK}2222`, 'sk-new'] } })
    expect(admin.settings.current.app.api_key).toEqual([planted.apiKeys[1], 'sk-new'])
  })
})

describe('POST /admin/api/config/reset', () => {
  test('brings defaults back, and refuses what has none', async () => {
    const admin = await start({ stored: { ...STORED, chat: { timeout: 5 } } })
    expect((await admin.ask('POST', '/config/reset', { keys: ['chat.timeout'] })).status).toBe(200)
    expect(admin.settings.current.chat.timeout).toBe(60)
    const refused = await admin.ask('POST', '/config/reset', { keys: ['app.app_key', 'no.key'] })
    expect(refused.status).toBe(400)
    const { error } = await readJson<Refusal>(refused)
    expect(error.fields.map(({ key }) => key)).toEqual(['app.app_key', 'no.key'])
  })

  test('removes everything that is stored and is no setting, as its warning names it', async () => {
    const strange = {
      chat: { timeuot: 5, timeout: 7 },
      nonsense: { deep: { deeper: 1 } },
      video: 'no table',
      'chat.memory': true,
      ['x'.repeat(150)]: 1,
      proxy: { cf_clearance: 'old' },
    }
    const admin = await start({ stored: { ...STORED, ...strange } })
    const keys = admin.settings.warnings.filter(({ origin }) => origin === 'stored').map(({ key }) => key)
    expect(keys.length).toBeGreaterThanOrEqual(6)
    expect((await admin.ask('POST', '/config/reset', { keys })).status).toBe(200)
    expect(admin.settings.warnings.filter(({ origin }) => origin === 'stored')).toEqual([])
    expect(admin.settings.current.chat.timeout).toBe(7)
    expect(JSON.stringify(admin.settings.stored)).not.toMatch(/timeuot|nonsense|no table|memory|xxx|old/)
  })

  test('takes the names of earlier releases along, which would stand in for the setting', async () => {
    const admin = await start({ stored: { ...STORED, proxy: { cf_clearance: 'old' } } })
    expect(admin.settings.current.proxy.clearance.cf_cookies).toBe('cf_clearance=old')
    await admin.ask('POST', '/config/reset', { keys: ['proxy.clearance.cf_cookies'] })
    expect(admin.settings.current.proxy.clearance.cf_cookies).toBe('')
  })
})

describe('the history of the settings', () => {
  interface History {
    readonly revisions: readonly { id: number; actor: string; changed: string[]; values: Nested }[]
    readonly next_before_id: number | null
  }
  const readHistory = async (admin: TestAdmin): Promise<History> =>
    readJson<History>(await admin.ask('GET', '/config/history'))

  test('has what was there before the first save, and each save with who made it and what changed', async () => {
    const admin = await start()
    await admin.ask('POST', '/config', { 'chat.timeout': 5, 'app.webui_key': 'planted-changed-key-9999' })
    await admin.ask('POST', '/config', { 'chat.timeout': 6 })
    const { revisions, next_before_id: next } = await readHistory(admin)
    expect(revisions.map(({ id, actor, changed }) => ({ id, actor, changed }))).toEqual([
      { id: 3, actor: 'bearer', changed: ['chat.timeout'] },
      { id: 2, actor: 'bearer', changed: ['app.webui_key', 'chat.timeout'] },
      expect.objectContaining({ id: 1, actor: 'outside' }),
    ])
    expect(next).toBeNull()
    expect(revisions[1]?.values['app']).toMatchObject({ webui_key: `${MASK}9999`, app_key: `${MASK}0001` })
  })

  test('keeps a version that was not saved here before it is changed', async () => {
    const admin = await start()
    await admin.ask('POST', '/config', { 'chat.timeout': 5 })
    await admin.settings.save({ 'chat.timeout': 99 })
    await admin.ask('POST', '/config', { 'chat.timeout': 6 })
    const { revisions } = await readHistory(admin)
    expect(revisions.map(({ actor }) => actor)).toEqual(['bearer', 'outside', 'bearer', 'outside'])
  })

  test('can be gone back to: changed, added and removed settings and secrets are as they were', async () => {
    const admin = await start({ stored: { ...STORED, image: { timeout: 5 } } })
    await admin.ask('POST', '/config', { 'chat.timeout': 5, 'app.webui_key': 'other', 'image.timeout': 6 })
    const response = await admin.ask('POST', '/config/rollback', { id: 1 })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      changed: ['app.webui_key', 'image.timeout', 'chat.timeout'],
      skipped: [],
    })
    const { current } = admin.settings
    expect([current.app.webui_key, current.image.timeout, current.chat.timeout]).toEqual([
      planted.webuiKey,
      5,
      60,
    ])
    expect(admin.settings.origin('chat.timeout')).toBe('default')
    expect((await readHistory(admin)).revisions[0]).toMatchObject({ id: 3, actor: 'bearer' })
  })

  test('has no version that does not exist', async () => {
    const admin = await start()
    expect((await admin.ask('POST', '/config/rollback', { id: 77 })).status).toBe(404)
    expect((await admin.ask('POST', '/config/rollback', { id: 'x' })).status).toBe(400)
  })

  test('shows no name that is not a setting, which may stand for a secret', async () => {
    const admin = await start({ stored: { ...STORED, app: { ...STORED.app, ap_key: planted.cookies } } })
    await admin.ask('POST', '/config', { 'chat.timeout': 5 })
    const text = await (await admin.ask('GET', '/config/history')).text()
    expect(text).not.toContain('ap_key')
  })
})

describe('POST /admin/api/config/reveal', () => {
  test('shows one secret, and the audit trail tells which but not what it is', async () => {
    const admin = await startAdmin()
    const response = await admin.ask('POST', '/config/reveal', { key: 'app.api_key' })
    expect(await response.json()).toEqual({ key: 'app.api_key', value: planted.apiKeys })
    expect(admin.audit.entries).toMatchObject([{ action: 'config.reveal', detail: { key: 'app.api_key' } }])
    expect(findSecrets(JSON.stringify(admin.audit.entries))).toEqual([])
  })

  test.each(['features.stream', 'no.key', '', 'app'])('refuses %p', async (key) => {
    const admin = await start()
    expect((await admin.ask('POST', '/config/reveal', { key })).status).toBe(400)
  })
})

test('a store of settings that cannot be written is said to be so, and nothing changes', async () => {
  const admin = await start()
  admin.settings.save = async () => {
    throw new Error('read-only file system')
  }
  const response = await admin.ask('POST', '/config', { 'chat.timeout': 5 })
  expect(response.status).toBe(503)
  expect(await response.text()).not.toContain('read-only')
})
