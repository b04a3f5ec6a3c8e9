import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SettingsConflictError } from '../core/settings-document.ts'
import { settingDefinitions } from './definitions.ts'
import { failureOf, faultsOf, KEYS, openService } from './settings-for-tests.ts'
import { SettingsFaultError } from './settings-patch.ts'

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
