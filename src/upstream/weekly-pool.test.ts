import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { CREDITS_END, weeklyCredits } from '../../test/harness/weekly-credits.ts'
import { GatewayError } from '../core/error.ts'
import { classifyHttpFailure } from './failure.ts'
import type { RestCall, RestCaller } from './rest-call.ts'
import { fetchWeeklyPool, parseWeeklyPool } from './weekly-pool.ts'

const identity = { credential: 'token-a', signal: new AbortController().signal }

const answering =
  (body: Uint8Array): RestCaller =>
  async () => ({ status: 200, headers: new Headers(), body })

const refusing =
  (status: number, body = ''): RestCaller =>
  async () => {
    throw classifyHttpFailure({ status, headers: new Headers(), body })
  }

const trailer = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x80, 0, 0, 0, text.length]), Buffer.from(text)])

describe('the weekly pool', () => {
  test.each([
    ['is what is left of it, in hundredths of a percent', weeklyCredits.used, 6250],
    ['is whole while nothing is used', weeklyCredits.unused, 10_000],
  ])('%s', async (_, body, remaining) => {
    expect(await fetchWeeklyPool(answering(body), identity)).toEqual({
      remaining,
      total: 10_000,
      windowSeconds: 604_800,
      resetAt: CREDITS_END + 250,
    })
  })

  test('is not there on a free account', async () => {
    expect(await fetchWeeklyPool(answering(weeklyCredits.free), identity)).toBe('absent')
  })

  test('is asked for with an empty message and the headers of its own call', async () => {
    const calls: RestCall[] = []
    await fetchWeeklyPool(async (call) => {
      calls.push(call)
      return { status: 200, headers: new Headers(), body: weeklyCredits.used }
    }, identity)
    expect(calls).toEqual([
      {
        method: 'POST',
        path: '/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig',
        body: new Uint8Array(5),
        headers: {
          'content-type': 'application/grpc-web+proto',
          'cache-control': 'no-cache',
          pragma: 'no-cache',
          'x-grpc-web': '1',
          'x-user-agent': 'connect-es/2.1.1',
          'x-statsig-id': undefined,
          'x-xai-request-id': undefined,
        },
        timeoutSeconds: expect.any(Number),
      },
    ])
  })
})

describe('a pool that cannot be read is a failure, so that what was known stays:', () => {
  test.each<[string, Uint8Array]>([
    ['nothing came', new Uint8Array()],
    ['no message came', trailer('grpc-status:0\r\n')],
    ['a page came', Buffer.from('<!doctype html><title>Grok</title>')],
    ['a frame is cut', weeklyCredits.used.subarray(0, 20)],
    ['the service refused', trailer('grpc-status:13\r\n')],
    ['it may not be asked for', trailer('grpc-status:7\r\ngrpc-message:permission%20denied\r\n')],
    ['the login is not accepted', trailer('grpc-status:16\r\n')],
    ['the account is blocked', trailer('grpc-status:7\r\ngrpc-message:user%20is%20blocked\r\n')],
  ])('%s', async (_, body) => {
    expect(await fetchWeeklyPool(answering(body), identity)).toBeInstanceOf(GatewayError)
  })

  test.each([401, 403, 429, 500])('HTTP %d', async (status) => {
    expect(await fetchWeeklyPool(refusing(status), identity)).toBeInstanceOf(GatewayError)
  })

  test.each([
    ['it has no configuration', []],
    ['a time is missing', [0x0a, 0x08, 0x22, 0x06, 0x08, 0x80, 0xb4, 0xbf, 0xd3, 0x06]],
    ['the share is a whole number', [0x0a, 0x02, 0x08, 0x05]],
  ])('%s', (_, bytes) => {
    expect(() => parseWeeklyPool(Uint8Array.from(bytes))).toThrow(GatewayError)
  })

  test('it is far larger than any', () => {
    const padding = Buffer.concat([Buffer.from([0x12, 0x80, 0x80, 0x08]), new Uint8Array(131_072)])
    const config = weeklyCredits.unused.subarray(5, 5 + 0x1c)
    expect(parseWeeklyPool(config)).toMatchObject({ remaining: 10_000 })
    expect(() => parseWeeklyPool(Buffer.concat([config, padding]))).toThrow(GatewayError)
  })
})

test('a service that does not know the question says nothing', async () => {
  expect(await fetchWeeklyPool(refusing(404), identity)).toBeUndefined()
})

test('any bytes are a pool, none, or a failure', async () => {
  const near = fc.tuple(fc.nat(weeklyCredits.used.length - 1), fc.nat(255)).map(([at, byte]) => {
    const body = Uint8Array.from(weeklyCredits.used)
    body[at] = byte
    return body
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 120 }), near), async (body) => {
      const pool = await fetchWeeklyPool(answering(body), identity)
      if (pool === 'absent' || pool instanceof GatewayError) return
      expect(pool?.remaining).toBeWithin(0, 10_001)
      expect(pool?.windowSeconds).toBeWithin(86_400, 31 * 86_400 + 1)
      expect(new Date(pool?.resetAt ?? Number.NaN).getTime()).not.toBeNaN()
    }),
    { numRuns: 2000 },
  )
})
