import { describe, expect, test } from 'bun:test'
import { FakePersistence, faultsOf, KEYS, openService } from './settings-for-tests.ts'
import { SettingsService } from './settings.ts'

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
      expect(generated[0]?.problem).toContain('cannot be used')
      expect(service.current.app.api_key).toHaveLength(1)
      expect(persistence.saves).toBe(0)
    },
  )

  test('never writes over a document it cannot read', async () => {
    const persistence = new FakePersistence({}, 'line 1')
    const service = await SettingsService.open({ persistence, environment: {} })
    const problem = 'the stored settings cannot be read: line 1'
    expect(await service.ensureGenerated()).toMatchObject([
      { stored: false, problem },
      { stored: false, problem },
    ])
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
