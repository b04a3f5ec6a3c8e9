import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../core/settings-document.ts'
import { settingDefinitions } from './definitions.ts'
import { SettingsService } from './settings.ts'
import { SettingsFaultError } from './settings-patch.ts'

const KEYS = { app: { app_key: 'admin', api_key: ['key'] } }

/** A back end in memory that counts its versions and can be told to fail. */
class FakePersistence implements SettingsPersistence {
  values: Readonly<Record<string, unknown>>
  fault: string | undefined
  saveError: Error | undefined
  saves = 0
  /** Runs between a load and the save after it, as another process would. */
  beforeSave: (() => void) | undefined
  #version = 1

  constructor(values: Readonly<Record<string, unknown>> = {}, fault?: string) {
    this.values = values
    this.fault = fault
  }

  async load(): Promise<SettingsDocument> {
    const version = String(this.#version)
    return this.fault === undefined
      ? { values: this.values, version }
      : { values: {}, version, fault: this.fault }
  }

  async save(values: Readonly<Record<string, unknown>>, expectedVersion: string): Promise<string> {
    this.beforeSave?.()
    if (this.saveError !== undefined) throw this.saveError
    if (expectedVersion !== String(this.#version)) throw new SettingsConflictError('changed')
    this.saves += 1
    this.change(values)
    return String(this.#version)
  }

  change(values: Readonly<Record<string, unknown>>, fault?: string): void {
    this.values = values
    this.fault = fault
    this.#version += 1
  }
}

async function openService(stored: Record<string, unknown> = KEYS, environment: Record<string, string> = {}) {
  const persistence = new FakePersistence(stored)
  return { persistence, service: await SettingsService.open({ persistence, environment }) }
}

async function faultsOf(promise: Promise<unknown>): Promise<string[]> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SettingsFaultError)
      return error.faults.map(({ key, message }) => `${key}: ${message}`)
    throw error
  }
  return []
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('save', () => {
  test('stores the change, keeps everything else, and swaps the snapshot', async () => {
    const { persistence, service } = await openService({ ...KEYS, unknown: { kept: 1 } })
    const before = service.current
    const after = await service.save({ proxy: { egress: { proxy_pool: 'http://a:1\nhttp://b:2' } } })
    expect(after.proxy.egress.proxy_pool).toEqual(['http://a:1', 'http://b:2'])
    expect(service.current).toBe(after)
    expect(before.proxy.egress.proxy_pool).toEqual([])
    expect(service.origin('proxy.egress.proxy_pool')).toBe('stored')
    expect(persistence.values).toEqual({
      ...KEYS,
      unknown: { kept: 1 },
      proxy: { egress: { proxy_pool: ['http://a:1', 'http://b:2'] } },
    })
  })

  test('takes dotted keys, also inside a group', async () => {
    const { service } = await openService()
    const settings = await service.save({ 'features.stream': true, proxy: { 'egress.mode': 'proxy_pool' } })
    expect(settings.features.stream).toBe(true)
    expect(settings.proxy.egress.mode).toBe('proxy_pool')
  })

  test('reports every fault at once and stores nothing', async () => {
    const { persistence, service } = await openService(KEYS, { GROK_CHAT_TIMEOUT: '5' })
    const faults = await faultsOf(
      service.save({
        features: { stream: null, image_format: 'png', sream: true },
        retry: { max_retries: '' },
        proxy: 'direct',
        account: { storage: 'redis' },
        'chat.timeout': 10,
        logging: { max_files: 3 },
        'logging.max_files': 4,
        video: { timeout: undefined },
      }),
    )
    expect(faults).toEqual([
      'features.stream: must have a value; reset it to return to the default',
      'features.image_format: is not valid: must be one of grok_url, local_url, grok_md, local_md, base64',
      'features.sream: is not a setting; did you mean features.stream?',
      'retry.max_retries: is not valid: must be a whole number from 0 to 20',
      'proxy: is a group of settings and needs a table',
      'account.storage: is set by the ACCOUNT_… environment variables at start only',
      'chat.timeout: is locked: an environment variable sets it',
      'logging.max_files: is given twice',
      'video.timeout: must have a value; reset it to return to the default',
    ])
    expect(persistence.saves).toBe(0)
  })

  test.each([[null], ['text'], [[]], [7]])('refuses %j in place of an object', async (patch) => {
    const { persistence, service } = await openService()
    expect(await faultsOf(service.save(patch))).toEqual([': the settings must be an object'])
    expect(persistence.saves).toBe(0)
  })

  test('two at once both arrive', async () => {
    const { service } = await openService()
    await Promise.all([service.save({ 'features.stream': true }), service.save({ 'chat.timeout': 7 })])
    expect(service.current.features.stream).toBe(true)
    expect(service.current.chat.timeout).toBe(7)
  })

  test('is laid over what another process stored in the meantime', async () => {
    const { persistence, service } = await openService()
    persistence.beforeSave = () => {
      persistence.beforeSave = undefined
      persistence.change({ ...KEYS, chat: { timeout: 9 } })
    }
    const settings = await service.save({ 'features.stream': true })
    expect([settings.features.stream, settings.chat.timeout]).toEqual([true, 9])
  })

  test('gives up with a conflict when the others never stop', async () => {
    const { persistence, service } = await openService()
    persistence.beforeSave = () => persistence.change(KEYS)
    expect(await failureOf(service.save({ 'features.stream': true }))).toBeInstanceOf(SettingsConflictError)
  })

  test('with an expected version refuses to go over a newer one', async () => {
    const { persistence, service } = await openService()
    const { version } = service
    persistence.change({ ...KEYS, chat: { timeout: 9 } })
    expect(await failureOf(service.save({ 'chat.timeout': 5 }, { expectedVersion: version }))).toBeInstanceOf(
      SettingsConflictError,
    )
  })

  test('can reset other keys in the same step', async () => {
    const { persistence, service } = await openService({ ...KEYS, chat: { timeout: 5 } })
    await service.save({ image: { timeout: 6 } }, { reset: ['chat.timeout'] })
    expect(persistence.saves).toBe(1)
    expect(service.stored).toEqual({ ...KEYS, chat: {}, image: { timeout: 6 } })
    const refused = service.save({ image: { timeout: 7 } }, { reset: ['app.app_key'] })
    await expect(refused).rejects.toBeInstanceOf(SettingsFaultError)
    expect(service.current.image.timeout).toBe(6)
  })

  test('that the back end refuses leaves the snapshot, and the next one works', async () => {
    const { persistence, service } = await openService()
    persistence.saveError = new Error('disk full')
    expect(String(await failureOf(service.save({ 'features.stream': true })))).toContain('disk full')
    persistence.saveError = undefined
    expect((await service.save({ 'chat.timeout': 5 })).features.stream).toBe(false)
  })

  test('of any value gives settings or a fault list', async () => {
    const { service } = await openService()
    const key = fc.oneof(fc.constantFrom(...settingDefinitions.map(({ key }) => key)), fc.string())
    const anyPatch = fc.oneof(fc.anything(), fc.dictionary(key, fc.anything()))
    await fc.assert(
      fc.asyncProperty(anyPatch, async (patch) => {
        const faults = await faultsOf(service.save(patch))
        expect(faults.every((fault) => fault.length > 2)).toBe(true)
      }),
    )
  })
})

describe('reset', () => {
  test('returns to the default and removes the stored value', async () => {
    const { persistence, service } = await openService({ ...KEYS, chat: { timeout: 5 } })
    expect((await service.reset(['chat.timeout'])).chat.timeout).toBe(60)
    expect(service.origin('chat.timeout')).toBe('default')
    expect(persistence.values).toEqual({ ...KEYS, chat: {} })
  })

  test('refuses unknown, locked and generated keys, all at once', async () => {
    const { service } = await openService(KEYS, { GROK_CHAT_TIMEOUT: '5' })
    expect(await faultsOf(service.reset(['chat.timeot', 'chat.timeout', 'app.api_key']))).toEqual([
      'chat.timeot: is not a setting; did you mean chat.timeout?',
      'chat.timeout: is locked: an environment variable sets it',
      'app.api_key: has no default to return to; save a new value instead',
    ])
  })
})

describe('refresh', () => {
  test('takes over what another process stored and tells the listeners once', async () => {
    const { persistence, service } = await openService()
    const heard: [number, number][] = []
    service.subscribe((now, before) => heard.push([before.chat.timeout, now.chat.timeout]))
    persistence.change({ ...KEYS, chat: { timeout: 9 } })
    expect(await service.refresh()).toBe(true)
    expect(await service.refresh()).toBe(false)
    expect(heard).toEqual([[60, 9]])
  })

  test('keeps the settings in force when the document becomes unreadable, and saves them with the next change', async () => {
    const { persistence, service } = await openService({ ...KEYS, chat: { timeout: 9 } })
    persistence.change({}, 'line 1')
    expect(await service.refresh()).toBe(false)
    expect(service.current.chat.timeout).toBe(9)
    expect(service.warnings[0]).toMatchObject({ key: 'stored settings', origin: 'stored' })
    await service.save({ 'features.stream': true })
    expect(persistence.values).toEqual({ ...KEYS, chat: { timeout: 9 }, features: { stream: true } })
    expect(service.warnings).toEqual([])
  })

  test.each([[{}], [{ app: { api_key: 5 } }], [{ app: 'x' }]])(
    'never opens the API because the key got lost: %j',
    async (stored) => {
      const { persistence, service } = await openService()
      persistence.change(stored)
      await service.refresh()
      expect(service.current.app).toMatchObject({ api_key: ['key'], app_key: 'admin' })
      expect(service.warnings.map(({ key }) => key)).toContain('app.api_key')
    },
  )
})

describe('subscribe', () => {
  test('stops when asked to', async () => {
    const { service } = await openService()
    let calls = 0
    const unsubscribe = service.subscribe(() => (calls += 1))
    unsubscribe()
    await service.save({ 'features.stream': true })
    expect(calls).toBe(0)
  })

  test('says nothing when no value changed', async () => {
    const { service } = await openService()
    let calls = 0
    service.subscribe(() => (calls += 1))
    await service.save({ 'features.stream': false })
    expect(calls).toBe(0)
  })

  test('a listener that throws keeps neither the others nor the change from happening', async () => {
    const persistence = new FakePersistence(KEYS)
    const errors: unknown[] = []
    const onListenerError = (error: unknown) => errors.push(error)
    const service = await SettingsService.open({ persistence, environment: {}, onListenerError })
    const heard: boolean[] = []
    service.subscribe(() => {
      throw new Error('listener')
    })
    service.subscribe(({ features }) => heard.push(features.stream))
    await service.save({ 'features.stream': true })
    expect(heard).toEqual([true])
    expect(errors).toHaveLength(1)
  })
})

describe('the first start', () => {
  test('makes up both keys, stores them and returns them once', async () => {
    const { persistence, service } = await openService({})
    const generated = await service.ensureGenerated()
    expect(generated.map(({ key, stored }) => [key, stored])).toEqual([
      ['app.app_key', true],
      ['app.api_key', true],
    ])
    expect(service.current.app.app_key).toMatch(/^g2a-admin-[\w-]{32}$/)
    expect(service.current.app.api_key[0]).toMatch(/^sk-g2a-[\w-]{32}$/)
    expect(persistence.values).toEqual({
      app: { app_key: service.current.app.app_key, api_key: [...service.current.app.api_key] },
    })
    expect(service.warnings).toEqual([])
    expect(await service.ensureGenerated()).toEqual([])
  })

  test('makes up only what no layer gives', async () => {
    const { persistence, service } = await openService({}, { GROK_APP_API_KEY: 'mine' })
    const generated = await service.ensureGenerated({ generate: () => 'made-up' })
    expect(generated).toEqual([{ key: 'app.app_key', value: 'g2a-admin-made-up', stored: true }])
    expect(service.current.app.api_key).toEqual(['mine'])
    expect(persistence.values).toEqual({ app: { app_key: 'g2a-admin-made-up' } })
  })

  test.each([
    [{ app: { api_key: '', app_key: '' } }, {}],
    [{}, { GROK_APP_API_KEY: '', GROK_APP_APP_KEY: '' }],
  ])('respects explicitly empty keys, with a loud warning: %j %j', async (stored, environment) => {
    const { service } = await openService(stored, environment)
    expect(await service.ensureGenerated()).toEqual([])
    expect(service.current.app).toMatchObject({ api_key: [], app_key: '' })
    expect(service.warnings.map(({ message }) => message).join()).toContain('EMPTY')
  })

  test.each([[{ app: { api_key: 5, app_key: false } }], [{ app: 'x' }]])(
    'never writes over a value it cannot use: %j',
    async (stored) => {
      const { persistence, service } = await openService(stored)
      const generated = await service.ensureGenerated()
      expect(generated.map((secret) => secret.stored)).toEqual([false, false])
      expect(service.current.app.api_key).toHaveLength(1)
      expect(persistence.saves).toBe(0)
    },
  )

  test('never writes over a document it cannot read', async () => {
    const persistence = new FakePersistence({}, 'line 1')
    const service = await SettingsService.open({ persistence, environment: {} })
    expect((await service.ensureGenerated()).map(({ stored }) => stored)).toEqual([false, false])
    expect(service.current.app.api_key).toHaveLength(1)
    expect(persistence.saves).toBe(0)
  })

  test('goes on with keys for this run when nothing can be written', async () => {
    const { persistence, service } = await openService({})
    persistence.saveError = new Error('read-only')
    const generated = await service.ensureGenerated()
    expect(generated.map(({ problem }) => problem)).toEqual(['Error: read-only', 'Error: read-only'])
    expect(service.current.app.api_key).toEqual([generated[1]?.value ?? ''])
  })

  test('of two processes at once ends with one set of keys', async () => {
    const { persistence, service } = await openService({})
    persistence.beforeSave = () => {
      persistence.beforeSave = undefined
      persistence.change(KEYS)
    }
    expect(await service.ensureGenerated()).toEqual([])
    expect(service.current.app.api_key).toEqual(['key'])
  })
})
