import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { settingDefinitions } from './definitions.ts'
import { nestKeys } from './document-path.ts'
import { layerSettings } from './layers.ts'

// Keeps the warning about an open API out of what the tests look at.
const CLOSED = { GROK_APP_API_KEY: 'key', GROK_APP_APP_KEY: 'admin' }

describe('precedence', () => {
  test('without any layer everything is at its default', () => {
    const { settings, origins } = layerSettings({ stored: {}, environment: {} })
    expect(settings.features.stream).toBe(false)
    expect(settings.features.enable_nsfw).toBe(false)
    expect(settings.account.refresh.basic_interval_sec).toBe(86_400)
    expect(new Set(origins.values())).toEqual(new Set(['default']))
  })

  test('stored goes over default, environment over stored, and each says so', () => {
    const { settings, origins } = layerSettings({
      stored: { proxy: { egress: { mode: 'proxy_pool', proxy_pool: ['http://a:1'] } } },
      environment: { GROK_PROXY_EGRESS_MODE: 'single_proxy', GROK_PROXY_EGRESS_PROXY_URL: 'http://b:2' },
    })
    expect(settings.proxy.egress.mode).toBe('single_proxy')
    expect(settings.proxy.egress.proxy_pool).toEqual(['http://a:1'])
    expect(origins.get('proxy.egress.mode')).toBe('environment')
    expect(origins.get('proxy.egress.proxy_pool')).toBe('stored')
    expect(origins.get('proxy.clearance.mode')).toBe('default')
  })

  test('every setting can be set by its variable', () => {
    for (const { key, environmentName, default: value } of settingDefinitions) {
      const text = Array.isArray(value) ? value.join(',') : String(value)
      const { settings, origins, warnings } = layerSettings({
        stored: {},
        environment: { [environmentName]: text },
      })
      const empty = text === '' && !/url|key|origins|aliases|lengths|cookies|instruction|pool|value/.test(key)
      expect([key, origins.get(key)]).toEqual([key, empty ? 'default' : 'environment'])
      expect(warnings.filter(({ message }) => message.includes('not usable'))).toEqual([])
      expect(settings).toBeDefined()
    }
  })

  test('the snapshot is frozen to the last list', () => {
    const { settings } = layerSettings({ stored: {}, environment: {} })
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(settings.proxy.egress)).toBe(true)
    expect(Object.isFrozen(settings.retry.on_codes)).toBe(true)
  })
})

describe('environment', () => {
  test.each([
    ['true', true],
    ['1', true],
    ['Yes', true],
    ['on', true],
    ['false', false],
    ['0', false],
    ['NO', false],
    ['off', false],
  ])('%s is read as %p for a switch', (text, value) => {
    const environment = { GROK_FEATURES_AUTO_CHAT_MODE_FALLBACK: text }
    expect(layerSettings({ stored: {}, environment }).settings.features.auto_chat_mode_fallback).toBe(value)
  })

  test('an unknown variable is named together with the one it resembles', () => {
    const { warnings } = layerSettings({
      stored: {},
      environment: { ...CLOSED, GROK_PROXY_EGRES_MODE: 'direct', OTHER_NAME: 'x' },
    })
    expect(warnings).toEqual([
      {
        key: 'GROK_PROXY_EGRES_MODE',
        origin: 'environment',
        message: 'is not the variable of a setting; did you mean GROK_PROXY_EGRESS_MODE?',
      },
    ])
  })

  test('an empty variable counts as absent for a number and as empty for a text', () => {
    const { settings, origins, warnings } = layerSettings({
      stored: { retry: { max_retries: 3 }, app: { api_key: 'stored', app_key: 'admin' } },
      environment: { GROK_RETRY_MAX_RETRIES: '', GROK_APP_API_KEY: '' },
    })
    expect(settings.retry.max_retries).toBe(3)
    expect(origins.get('retry.max_retries')).toBe('stored')
    expect(settings.app.api_key).toEqual([])
    expect(warnings.map(({ key, origin }) => [key, origin])).toEqual([['app.api_key', 'environment']])
  })
})

describe('what is wrong', () => {
  test('an unknown enum value in the store gives the default and a warning', () => {
    const { settings, origins, warnings } = layerSettings({
      stored: { proxy: { egress: { mode: 'sideways' } }, logging: { file_level: 'LOUD' } },
      environment: CLOSED,
    })
    expect(settings.proxy.egress.mode).toBe('direct')
    expect(settings.logging.file_level).toBe('INFO')
    expect(origins.get('proxy.egress.mode')).toBe('default')
    expect(warnings).toEqual([
      {
        key: 'logging.file_level',
        origin: 'stored',
        message: 'is not usable and is ignored: must be one of DEBUG, INFO, WARNING, ERROR',
      },
      {
        key: 'proxy.egress.mode',
        origin: 'stored',
        message: 'is not usable and is ignored: must be one of direct, single_proxy, proxy_pool',
      },
    ])
  })

  test('a bad variable falls back to the stored value', () => {
    const { settings, origins } = layerSettings({
      stored: { chat: { timeout: 30 } },
      environment: { GROK_CHAT_TIMEOUT: 'soon' },
    })
    expect(settings.chat.timeout).toBe(30)
    expect(origins.get('chat.timeout')).toBe('stored')
  })

  test('numbers and switches that an earlier release stored as text are read', () => {
    const { settings } = layerSettings({
      stored: { chat: { timeout: '30' }, features: { stream: 'true' }, retry: { max_retries: '' } },
      environment: CLOSED,
    })
    expect(settings.chat.timeout).toBe(30)
    expect(settings.features.stream).toBe(true)
    expect(settings.retry.max_retries).toBe(1)
  })

  test('unknown keys, misplaced values and start-up keys are each reported', () => {
    const { warnings } = layerSettings({
      stored: { proxy: 'direct', features: { sream: true }, account: { storage: 'redis' }, chat: [] },
      environment: CLOSED,
    })
    expect(warnings.map(({ key, message }) => `${key} ${message}`)).toEqual([
      'proxy is a group of settings and needs a table',
      'features.sream is not a setting; did you mean features.stream?',
      'account.storage is set by the ACCOUNT_… environment variables at start only',
      'chat is a group of settings and needs a table',
    ])
  })

  test('contradictions are reported: an open API, an empty pool, cookies that are missing', () => {
    const { warnings } = layerSettings({
      stored: {
        app: { api_key: '', app_key: 'grok2api', webui_enabled: true },
        proxy: { egress: { mode: 'proxy_pool' }, clearance: { mode: 'manual' } },
      },
      environment: {},
    })
    expect(warnings.map(({ key }) => key)).toEqual([
      'app.api_key',
      'app.app_key',
      'app.webui_key',
      'proxy.egress.proxy_pool',
      'proxy.clearance.cf_cookies',
    ])
  })
})

describe('old names', () => {
  test('are used for the new ones, with a warning', () => {
    const { settings, warnings } = layerSettings({
      stored: { proxy: { cf_clearance: 'abc', browser: 'chrome140' }, retry: { retry_status_codes: '500' } },
      environment: { ...CLOSED, GROK_PROXY_USER_AGENT: 'Agent/1' },
    })
    expect(settings.proxy.clearance.cf_cookies).toBe('cf_clearance=abc')
    expect(settings.proxy.clearance.browser).toBe('chrome140')
    expect(settings.proxy.clearance.user_agent).toBe('Agent/1')
    expect(settings.retry.on_codes).toEqual([500])
    expect(warnings.map(({ key }) => key).sort()).toEqual(
      ['proxy.browser', 'proxy.cf_clearance', 'proxy.user_agent', 'retry.retry_status_codes'].sort(),
    )
  })

  test('do not outrank the new ones', () => {
    const { settings } = layerSettings({
      stored: { proxy: { cf_cookies: 'old=1', clearance: { cf_cookies: 'new=1' } } },
      environment: {},
    })
    expect(settings.proxy.clearance.cf_cookies).toBe('new=1')
  })
})

describe('any input', () => {
  const anyValue = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true }),
    fc.constantFrom('', 'x\u0000', -1),
  )
  const anyKnown = fc
    .array(fc.tuple(fc.constantFrom(...settingDefinitions.map(({ key }) => key)), anyValue))
    .map((entries) => nestKeys(new Map<string, unknown>(entries)))
  const anyDocument = fc.oneof(anyKnown, fc.dictionary(fc.string(), anyValue))

  test('as the stored document gives settings', () => {
    fc.assert(
      fc.property(anyDocument, (stored) => {
        expect(layerSettings({ stored, environment: {} }).origins.size).toBe(settingDefinitions.length)
      }),
    )
  })

  test('as environment gives settings', () => {
    const name = fc.constantFrom(...settingDefinitions.map(({ environmentName }) => environmentName))
    const anyName = fc.oneof(
      name,
      fc.string().map((text) => `GROK_${text}`),
    )
    fc.assert(
      fc.property(fc.dictionary(anyName, fc.string()), (environment) => {
        expect(layerSettings({ stored: {}, environment }).origins.size).toBe(settingDefinitions.length)
      }),
    )
  })

  test('never shows up in a warning', () => {
    const needle = 'Needle4711'
    const stored = nestKeys(
      new Map(settingDefinitions.map(({ key }) => [key, { deep: needle, list: [`${needle}\n\u0000`] }])),
    )
    const environment = Object.fromEntries(
      settingDefinitions.map(({ environmentName }) => [environmentName, `${needle}\u0000,${needle}`]),
    )
    expect(JSON.stringify(layerSettings({ stored, environment }).warnings)).not.toContain(needle)
  })

  test('with names that mean something to JavaScript stays data', () => {
    const stored = parse('__proto__ = { polluted = 1 }\n[constructor]\nx = 1\n[proxy.__proto__]\ny = 1')
    const { warnings } = layerSettings({ stored, environment: CLOSED })
    expect(warnings).toHaveLength(3)
    expect('polluted' in {}).toBe(false)
  })
})
