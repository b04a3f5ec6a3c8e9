import { expect, test } from 'bun:test'
import { describeConnection } from './connection-reason.ts'
import { HandshakeError } from './socket.ts'

test.each([
  ['the connection failed', 'upstream-down', 'proxy'],
  ['connection refused (os error 111)', 'upstream-down', 'proxy'],
  ['the TLS handshake failed', 'tls', 'tls'],
  ['dns error: failed to lookup address', 'dns', 'proxy'],
] as const)('a socket that was not opened because of %p is told by that', (message, direct, proxied) => {
  const failure = new HandshakeError(message)
  expect(describeConnection(failure, false)).toBe(direct)
  expect(describeConnection(failure, true)).toBe(proxied)
})

test('what a cause says counts, whatever stands around it', () => {
  const cause = Object.assign(new Error('self signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(describeConnection(new Error('fetch failed', { cause }), false)).toBe('tls')
})
