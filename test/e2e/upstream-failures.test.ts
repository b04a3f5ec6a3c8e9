import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { TestGateway } from '../harness/gateway.ts'
import { readSse } from '../harness/sse.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('failures of the upstream', (protocol) => {
  const PATH = '/v1/chat/completions'

  let gateway: TestGateway

  beforeEach(async () => {
    gateway = await protocol.start()
  })

  afterEach(() => gateway.stop())

  const ask = (content: string, more: object = {}) => ({
    model: 'grok-4.20-fast',
    messages: [{ role: 'user', content }],
    ...more,
  })

  describe('what goes wrong before the first event', () => {
    test.each([
      ['bad-request-marker', 503, 'credential_invalid'],
      ['bad-request', 502, 'upstream_rejected'],
      ['unauthorized', 503, 'credential_invalid'],
      ['payment-required', 502, 'upstream_unavailable'],
      ['blocked', 503, 'account_blocked'],
      ['challenge', 502, 'egress_rejected'],
      ['challenge-503', 502, 'egress_rejected'],
      ['anti-bot', 502, 'egress_rejected'],
      ['safety', 400, 'content_policy_violation'],
      ['not-found', 502, 'upstream_rejected'],
      ['rate-limited', 429, 'rate_limit_exceeded'],
      ['server-error', 502, 'upstream_unavailable'],
      ['bad-gateway', 502, 'upstream_unavailable'],
      ['unavailable', 502, 'upstream_unavailable'],
    ] as const)('%s on every account is a %i, also for a stream', async (kind, status, code) => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind } })
      const response = await gateway.post(PATH, ask('hi', { stream: true }))
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ error: { code } })
      expect(response.headers.has('retry-after')).toBe(status === 429 || status === 503)
    })

    test.each([
      ['reset', { type: 'reset' }],
      ['an in-band error first', { type: 'in-band-error', code: 13, message: 'Internal' }],
      [
        'an in-band error after the echo',
        { type: 'in-band-error', code: 13, message: 'Internal', at: 'after-echo' },
      ],
      ['nothing but the echo', { type: 'cut', afterFrames: 2, how: 'close' }],
      ['a 503', { type: 'http', kind: 'unavailable' }],
      ['a dead login', { type: 'http', kind: 'unauthorized' }],
    ] as const)('%s on one account is made up for by another', async (_, action) => {
      await gateway.emulator.addFault({ path: protocol.path, times: 1, action })
      const response = await gateway.post(PATH, ask('[[T1]]'))
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        choices: [{ message: { content: 'The largest planet is **Jupiter**.' } }],
      })
    })

    test('a usage limit that only the final message tells is a rate limit, not an empty answer', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        action: {
          type: 'in-band-error',
          code: 0,
          message: 'Usage limit reached for this mode',
          at: 'final-message',
        },
      })
      const response = await gateway.post(PATH, ask('hi'))
      expect(response.status).toBe(429)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    })

    test('an answer without any content is a failure, not an empty success', async () => {
      const response = await gateway.post(PATH, ask('[[empty]]'))
      expect(response.status).toBe(502)
    })

    test('silence for longer than chat.timeout is a 504', async () => {
      const hasty = await protocol.start({
        environment: { GROK_CHAT_TIMEOUT: '0.2', GROK_RETRY_MAX_RETRIES: '0' },
      })
      await hasty.emulator.addFault({ path: protocol.path, action: { type: 'stall', afterFrames: 0 } })
      const response = await hasty.post(PATH, ask('hi'))
      expect(response.status).toBe(504)
      await hasty.emulator.waitForRequest({ outcome: 'client-closed' })
      await hasty.stop()
    })

    test('an upstream that is not there is a 502', async () => {
      const lost = await protocol.start({ environment: { GROK_UPSTREAM_BASE_URL: 'http://127.0.0.1:9' } })
      expect((await lost.post(PATH, ask('hi'))).status).toBe(502)
      await lost.stop()
    })
  })

  describe('what goes wrong after the first event', () => {
    test.each([
      ['a cut inside a frame', { type: 'cut', afterFrames: 8, how: 'close', insideFrame: true }],
      ['a cut between frames', { type: 'cut', afterFrames: 8, how: 'close' }],
      ['a reset', { type: 'cut', afterFrames: 8, how: 'reset' }],
      ['a late error', { type: 'in-band-error', code: 13, message: 'Internal', at: 'late' }],
      ['a late rate limit', { type: 'in-band-error', code: 8, message: 'Too many requests', at: 'late' }],
    ] as const)(
      '%s ends the stream with an error, and nothing is repeated or restarted',
      async (_, action) => {
        await gateway.emulator.addFault({ path: protocol.path, action })
        // paced, so that the failure comes in a read of its own
        const { events } = await readSse(
          await gateway.post(PATH, ask('[[tokens:50]] [[pace:2]]', { stream: true })),
        )
        const last = events.pop()
        const error = events.pop()
        expect(last?.data).toBe('[DONE]')
        expect(JSON.parse(error?.data ?? '')).toHaveProperty('error.code')
        expect(events.every(({ data }) => JSON.parse(data).choices[0].finish_reason === null)).toBe(true)
        expect(
          events.filter(({ data }) => JSON.parse(data).choices[0].delta.role === 'assistant'),
        ).toHaveLength(1)
        expect(await protocol.calls(gateway)).toHaveLength(1)
      },
    )

    test('a folded answer that breaks off is an error, never half an answer', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        action: { type: 'cut', afterFrames: 8, how: 'close' },
      })
      const response = await gateway.post(PATH, ask('[[tokens:50]]'))
      expect(response.status).toBe(502)
      expect(await protocol.calls(gateway)).toHaveLength(1)
    })
  })

  describe('what the accounts are blamed for', () => {
    test.each([
      ['unauthorized', 'needs-login'],
      ['blocked', 'suspended'],
      ['challenge', 'active'],
      ['safety', 'active'],
      ['server-error', 'active'],
      ['not-found', 'active'],
    ] as const)('%s leaves the account %s', async (kind, status) => {
      await gateway.emulator.addFault({ path: protocol.path, times: 1, action: { type: 'http', kind } })
      await (await gateway.post(PATH, ask('[[T1]]'))).text()
      const accounts = await gateway.stopAndReadAccounts()
      const failed = accounts.filter((account) => account.failureCount > 0)
      expect(failed.map((account) => account.state.status)).toEqual([status])
    })

    test('a rate limit stops only the mode, with its cause', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        times: 1,
        action: { type: 'http', kind: 'rate-limited', retryAfterSeconds: 77 },
      })
      await (await gateway.post(PATH, ask('[[T1]]'))).text()
      const limited = (await gateway.stopAndReadAccounts()).find((account) => account.failureCount > 0)
      expect(limited?.state.status).toBe('active')
      expect(Object.keys(limited?.modeCooldowns ?? {})).toEqual(['fast'])
      expect(limited?.modeCooldowns.fast?.cause.code).toBe('rate_limited')
      expect(limited?.quota.fast?.remaining).toBe(0)
    })
  })
})
