import { describe, expect, test } from 'bun:test'
import { reasonRules } from '../core/reason.ts'
import { classifyHttpFailure, classifyPage, classifyStreamFailure, connectionFailure } from './failure.ts'

const classify = (status: number, body = '', headers = {}) =>
  classifyHttpFailure({ status, body, headers: new Headers(headers) })

describe('an HTTP answer', () => {
  test.each([
    [
      400,
      '{"error":{"code":16,"message":"Invalid credentials. [WKE=unauthorized:invalid-credentials]"}}',
      'credential_invalid',
    ],
    [400, '{"error":{"message":"bad mode"}}', 'upstream_rejected'],
    [400, '{"error":{"message":"user_prompt_too_long"}}', 'context_length_exceeded'],
    [401, '', 'credential_invalid'],
    [402, '', 'upstream_unavailable'],
    [403, '{"code":7,"message":"User is blocked [WKE=unauthorized:blocked-user]"}', 'account_blocked'],
    [403, '{"code":"unauthorized:blocked-user","error":"User is blocked"}', 'account_blocked'],
    [403, '{"error":{"code":7,"message":"Request rejected by anti-bot rules."}}', 'egress_rejected'],
    [403, '<!DOCTYPE html><title>Just a moment...</title>', 'egress_rejected'],
    [403, '{"error":"Content violates usage guidelines. safety_check_type_csam"}', 'content_policy'],
    [403, '', 'egress_rejected'],
    [403, '{"error":{"code":"content-moderated","message":"x"}}', 'content_policy'],
    [403, '<html><a href="/content-policy">rules</a></html>', 'egress_rejected'],
    [404, '', 'upstream_rejected'],
    [413, '', 'upstream_rejected'],
    [429, '', 'rate_limited'],
    [500, '', 'upstream_unavailable'],
    [503, '<script src="/cdn-cgi/challenge-platform/x.js"></script>', 'egress_rejected'],
    [503, '', 'upstream_unavailable'],
  ])('%i %p is %s', (status, body, code) => {
    expect(classify(status, body)).toMatchObject({ code, upstreamStatus: status })
  })

  test('a 429 keeps its waiting time, from the header or the body', () => {
    expect(classify(429, '', { 'retry-after': '12' }).retryAfterSeconds).toBe(12)
    expect(classify(429, '{"waitTimeSeconds": 90}').retryAfterSeconds).toBe(90)
    expect(
      classify(429, '', { 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' }).retryAfterSeconds,
    ).toBeGreaterThan(1e9)
    expect(classify(429).retryAfterSeconds).toBeUndefined()
  })

  test('the caller learns nothing of the body; the log gets its beginning', () => {
    const failure = classify(500, `secret ${'x'.repeat(1000)}`)
    expect(failure.message).not.toContain('secret')
    expect(String(failure.cause)).toStartWith('HTTP 500: secret xxx')
    expect(String(failure.cause).length).toBeLessThan(250)
  })
})

describe('the true reason', () => {
  test.each([
    [403, '<!DOCTYPE html><title>Just a moment...</title>', 'challenge'],
    [503, '<script src="/cdn-cgi/challenge-platform/x.js"></script>', 'challenge'],
    [403, '', 'challenge'],
    [403, '{"error":{"code":7,"message":"Request rejected by anti-bot rules."}}', 'anti-bot'],
    [403, '{"code":"unauthorized:blocked-user","error":"User is blocked"}', 'account-blocked'],
    [403, '{"error":{"code":7,"message":"You must accept the terms first"}}', 'terms-or-age'],
    [502, 'terms or birth date missing', 'terms-or-age'],
    [403, '{"error":"Content violates usage guidelines."}', 'moderation'],
    [401, '', 'credential-invalid'],
    [402, '', 'payment'],
    [407, '', 'proxy'],
    [429, '', 'quota'],
    [500, '', 'upstream-down'],
    [404, '', 'request-refused'],
  ] as const)('of %i %p is %s', (status, body, reason) => {
    const failure = classify(status, body)
    expect(failure.reason).toBe(reason)
    expect(failure.code).toBe(reasonRules[reason].code)
    expect(failure.message).toBe(reasonRules[reason].sentence)
  })

  test('what a proxy itself asks for is not held to be the status of the upstream', () => {
    expect(classify(407).upstreamStatus).toBeUndefined()
  })

  test.each([
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND grok.test', 'dns', 'proxy'],
    ['ECONNREFUSED', 'Unable to connect.', 'upstream-down', 'proxy'],
    ['ECONNRESET', 'The socket connection was closed unexpectedly.', 'upstream-down', 'proxy'],
    ['EPROTO', 'The TLS handshake failed.', 'tls', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self signed certificate', 'tls', 'tls'],
    ['ERR_PROXY_TUNNEL', 'Proxy refused to open a tunnel: 407', 'upstream-down', 'proxy'],
  ] as const)(
    'of a connection that fails with %s (%s) is %s, and behind a proxy %s',
    (code, message, direct, proxied) => {
      const cause = Object.assign(new Error(message), { code })
      expect(connectionFailure(cause).reason).toBe(direct)
      expect(connectionFailure(cause, 'http://proxy.test').reason).toBe(proxied)
    },
  )

  test('a page instead of an answer is a challenge, or a form that is not known', () => {
    expect(classifyPage('<title>Just a moment...</title>')).toMatchObject({
      code: 'egress_rejected',
      reason: 'challenge',
    })
    expect(classifyPage('<html>')).toMatchObject({ code: 'upstream_unavailable', reason: 'protocol-drift' })
  })
})

describe('an error in the stream', () => {
  test.each([
    [8, 'Too many requests', 'rate_limited'],
    [0, 'You have hit the rate limit for this mode', 'rate_limited'],
    [0, 'Usage limit reached for this mode', 'rate_limited'],
    [7, 'Request rejected by anti-bot rules.', 'egress_rejected'],
    [16, 'nope', 'credential_invalid'],
    [7, 'User is blocked [WKE=unauthorized:blocked-user]', 'account_blocked'],
    [3, 'beyond_context_length', 'context_length_exceeded'],
    [9, 'content_moderated', 'content_policy'],
    [0, 'content-moderated: x', 'content_policy'],
    [0, 'rate_limit_exceeded', 'rate_limited'],
    [3, 'Unknown mode', 'upstream_rejected'],
    [13, 'Internal error', 'upstream_unavailable'],
    [0, '', 'upstream_unavailable'],
  ])('code %i %p is %s', (code, message, expected) => {
    expect(classifyStreamFailure({ code, message }).code).toBe(expected as never)
  })
})
