import { expect, test } from 'bun:test'
import { definitionsByKey, settingDefinitions } from './definitions.ts'
import { checkValue } from './layers.ts'

test('every default is a valid value of its own setting and stays as it is', () => {
  for (const definition of settingDefinitions) {
    expect([definition.key, checkValue(definition, definition.default)]).toEqual([
      definition.key,
      { type: 'valid', value: definition.default },
    ])
  }
})

test('no two settings share an environment name', () => {
  expect(new Set(settingDefinitions.map(({ environmentName }) => environmentName)).size).toBe(
    settingDefinitions.length,
  )
})

test('every key that was asked for exists, and nothing but the listed additions', () => {
  const asked = {
    app: 'app_key app_url api_key trusted_proxies cors_origins webui_enabled webui_key',
    logging: 'file_level max_files',
    features:
      'temporary memory stream thinking auto_chat_mode_fallback thinking_summary dynamic_statsig enable_nsfw show_search_sources custom_instruction image_format imagine_public_image_proxy video_format delete_uploads response_retention_days continue_conversations',
    'cache.local': 'image_max_mb video_max_mb',
    'proxy.egress': 'mode proxy_url proxy_pool resource_proxy_url resource_proxy_pool skip_ssl_verify',
    'proxy.clearance': 'mode cf_cookies user_agent browser flaresolverr_url timeout_sec refresh_interval',
    retry: 'reset_session_status_codes max_retries on_codes',
    upstream: 'base_url assets_url accounts_url livekit_url chat_protocol statsig_value',
    'account.refresh':
      'enabled basic_interval_sec super_interval_sec heavy_interval_sec usage_concurrency on_demand_min_interval_sec',
    'account.selection': 'max_inflight',
    batch:
      'nsfw_concurrency refresh_concurrency asset_upload_concurrency asset_list_concurrency asset_delete_concurrency',
    chat: 'timeout',
    models: 'aliases context_length context_lengths',
    image: 'timeout stream_timeout',
    video: 'timeout concurrency',
    voice: 'timeout',
    asset: 'upload_timeout download_timeout list_timeout delete_timeout',
    nsfw: 'timeout',
  }
  const keys = Object.entries(asked).flatMap(([group, names]) =>
    names.split(' ').map((name) => `${group}.${name}`),
  )
  expect(settingDefinitions.map(({ key }) => key).sort()).toEqual(keys.sort())
})

test('every description is one sentence', () => {
  for (const { description } of settingDefinitions) expect(description).toMatch(/^[A-Z][^\n]*\.$/)
})

test.each([
  ['proxy.egress.proxy_pool', 'http://a:1\nhttp://b:2', ['http://a:1', 'http://b:2']],
  ['proxy.egress.proxy_pool', 'http://a:1, socks5://u:p@b:2,', ['http://a:1', 'socks5://u:p@b:2']],
  ['proxy.egress.proxy_pool', '', []],
  ['app.api_key', ' one , two ', ['one', 'two']],
  ['app.api_key', ['one', ' two '], ['one', 'two']],
  ['retry.on_codes', '429,401,503', [429, 401, 503]],
  ['retry.on_codes', [429, '503'], [429, 503]],
  ['retry.on_codes', 429, [429]],
  ['proxy.egress.mode', ' Single_Proxy ', 'single_proxy'],
  ['logging.file_level', 'debug', 'DEBUG'],
  ['app.app_url', 'https://grok.example.com/', 'https://grok.example.com'],
  ['proxy.clearance.cf_cookies', ' a=\u201cb\u201d\u200b;\u00a0c=d\u2014e ', 'a="b"; c=d-e'],
  ['features.custom_instruction', 'line\n\tline', 'line\n\tline'],
  ['chat.timeout', 0.5, 0.5],
])('%s takes %j as %j', (key, given, taken) => {
  expect(check(key, given)).toEqual({ type: 'valid', value: taken })
})

test.each([
  ['app.api_key', ','],
  ['app.api_key', ['']],
  ['app.api_key', [1]],
  ['app.app_key', 'line\nline'],
  ['app.app_key', '\ud800'],
  ['app.app_url', 'grok.example.com'],
  ['upstream.base_url', ''],
  ['upstream.base_url', 'ftp://grok.com'],
  ['upstream.base_url', 'https://grok.com/?a=b'],
  ['proxy.egress.proxy_url', 'host:8080'],
  ['proxy.egress.proxy_pool', ['http://ok:1', 'http://']],
  ['proxy.clearance.user_agent', 'Опера'],
  ['retry.on_codes', '429,many'],
  ['retry.on_codes', '999'],
  ['retry.max_retries', ''],
  ['retry.max_retries', 1.5],
  ['retry.max_retries', -1],
  ['chat.timeout', 0],
  ['chat.timeout', Number.NaN],
  ['features.stream', 'false'],
  ['features.image_format', 'png'],
])('%s refuses %j', (key, given) => {
  expect(check(key, given)?.type).toBe('invalid')
})

function check(key: string, value: unknown) {
  const definition = definitionsByKey.get(key)
  return definition && checkValue(definition, value)
}
