import { describe, expect, test } from 'bun:test'
import { classifyHttpFailure, classifyStreamFailure } from './failure.ts'

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
    [13, 'Internal error', 'upstream_unavailable'],
    [0, '', 'upstream_unavailable'],
  ])('code %i %p is %s', (code, message, expected) => {
    expect(classifyStreamFailure({ code, message }).code).toBe(expected as never)
  })
})
