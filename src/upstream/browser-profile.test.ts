import { expect, test } from 'bun:test'
import { BROWSER_PROFILES } from 'node-wreq'
import { browserProfiles, chooseProfile, socketProfileOf } from './browser-profile.ts'

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)'

test.each([
  ['Chrome of a known version', `${MAC} Chrome/131.0.0.0 Safari/537.36`, 'chrome131'],
  ['a Chrome between two known', `${MAC} Chrome/134.0.0.0 Safari/537.36`, 'chrome136'],
  ['a Chrome as near to an older one as to a newer', `${MAC} Chrome/139.0.0.0 Safari/537.36`, 'chrome142'],
  ['a newer Chrome', `${MAC} Chrome/199.0.0.0 Safari/537.36`, 'chrome151'],
  ['Chrome on a phone of Apple', 'Mozilla/5.0 (iPhone; like Mac OS X) CriOS/136.0 Safari/604.1', 'chrome136'],
  ['Edge', `${MAC} Chrome/136.0.0.0 Safari/537.36 Edg/136.0.0.0`, 'chrome136'],
  ['Firefox', 'Mozilla/5.0 (Windows NT 10.0; rv:136.0) Gecko/20100101 Firefox/136.0', 'firefox135'],
  ['Safari', `${MAC} Version/18.5 Safari/605.1.15`, 'ios18'],
] as const)('the TLS profile of %s is its own or the nearest', (_, agent, profile) =>
  expect(chooseProfile(agent, 'firefox144')).toBe(profile),
)

test.each([
  ['chrome136', 'chrome136'],
  ['chrome_131', 'chrome131'],
  ['chrome', 'chrome151'],
  ['firefox', 'firefox144'],
  ['edge101', 'chrome101'],
  ['safari_ios', 'ios18'],
  ['nonsense', 'chrome124'],
  ['', 'chrome124'],
] as const)('of no browser it is the configured one (%s)', (configured, profile) =>
  expect(chooseProfile('curl/8', configured)).toBe(profile),
)

test.each([
  ['chrome136', 'chrome_136'],
  ['chrome125', 'chrome_124'],
  ['chrome151', 'chrome_147'],
  ['firefox128', 'firefox_128'],
  ['ios18', 'safari_ios_18_1_1'],
] as const)('sockets beside %s look like %s', (profile, expected) =>
  expect(socketProfileOf(profile, BROWSER_PROFILES)).toBe(expected),
)

test('every profile has one for its sockets', () => {
  for (const profile of browserProfiles)
    expect(BROWSER_PROFILES).toContain(socketProfileOf(profile, BROWSER_PROFILES))
})
