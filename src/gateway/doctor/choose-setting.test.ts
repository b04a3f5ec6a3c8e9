import { describe, expect, test } from 'bun:test'
import { chooseSetting, unlockSetting } from './choose-setting.ts'

const facts = (changed: readonly string[] = []) => ({
  isChanged: (key: string) => changed.includes(key),
  lockedBy: (key: string) => (key === 'app.app_url' ? 'GROK_APP_APP_URL' : undefined),
  clearanceSetting: () => 'proxy.clearance.cf_cookies',
})

describe('the setting of a failure', () => {
  test.each([
    ['quota', 'quota'],
    ['session', 'terms-or-age'],
    ['edge', 'upstream-silent'],
    ['edge', 'upstream-down'],
    ['session', 'proxy'],
    ['edge', 'protocol-drift'],
    ['edge', undefined],
  ] as const)('is none where none decides: %s, %s', (check, reason) => {
    const changed = ['retry.max_retries', 'features.enable_nsfw', 'chat.timeout', 'upstream.chat_protocol']
    expect(chooseSetting(facts(changed))(check, reason)).toBeUndefined()
  })

  test('is one that was changed, before one that may be wrong by default', () => {
    expect(chooseSetting(facts(['upstream.base_url']))('edge', 'dns')).toBe('upstream.base_url')
    expect(chooseSetting(facts(['proxy.egress.proxy_pool']))('session', 'proxy')).toBe(
      'proxy.egress.proxy_pool',
    )
    expect(chooseSetting(facts(['upstream.base_url']))('chat', 'protocol-drift')).toBe('upstream.base_url')
    expect(chooseSetting(facts())('chat', 'protocol-drift')).toBe('upstream.chat_protocol')
    expect(chooseSetting(facts())('chat', 'upstream-silent')).toBe('chat.timeout')
  })

  test('of a challenge is where the clearance comes from', () => {
    expect(chooseSetting(facts())('edge', 'challenge')).toBe('proxy.clearance.cf_cookies')
  })
})

test('a setting that the environment locks gives way to the variable', () => {
  const finding = { status: 'fail', message: 'm', nextStep: 'Correct it.' } as const
  const locked = unlockSetting({ ...finding, setting: 'app.app_url' }, facts())
  expect(locked.setting).toBeUndefined()
  expect(locked.nextStep).toStartWith(
    'Correct it. app.app_url is set by the environment variable GROK_APP_APP_URL',
  )
  const free = { ...finding, setting: 'chat.timeout' }
  expect(unlockSetting(free, facts())).toEqual(free)
})
