import { expect, test } from 'bun:test'
import { askAdmin } from '../harness/admin.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols } from '../harness/protocols.ts'

/*
 * Paid accounts whose chats are counted by a weekly pool instead of the windows of the modes.
 */

const CREDITS = '/grok_api_v2.GrokBuildBilling/*'
const PAID = 'token-paid'
const MODEL = 'grok-4.20-0309-super'
const DAY = 86_400

interface Tokens {
  readonly tokens: readonly { readonly id: number; readonly quota: Record<string, object> }[]
}

const ask = (gateway: TestGateway, path: string, body?: unknown): Promise<Response> =>
  askAdmin(gateway.url, 'admin-test', { path, ...(body !== undefined && { body }) })

const chat = (gateway: TestGateway, model = MODEL): Promise<Response> =>
  gateway.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: '[[tokens:2]]' }] })

async function refresh(gateway: TestGateway): Promise<void> {
  expect((await ask(gateway, '/batch/refresh', { all: true })).status).toBe(200)
}

async function quotaOf(gateway: TestGateway, tier: string): Promise<Record<string, object>> {
  const { tokens } = await readJson<Tokens>(await ask(gateway, `/tokens?tier=${tier}`))
  return tokens[0]?.quota ?? {}
}

onBothProtocols('a weekly pool', (protocol) => {
  const withGateway = async (
    weekly: { usedPercent: number; costPercent?: number } | null,
    work: (gateway: TestGateway, advance: (seconds: number) => Promise<unknown>) => Promise<void>,
  ): Promise<void> => {
    let passedMs = 0
    const startedAt = Date.now()
    const gateway = await protocol.start({
      accounts: [
        { token: PAID, tier: 'super' },
        { token: 'token-basic', tier: 'basic' },
      ],
      clock: () => startedAt + passedMs,
      // what is asked in a mode is answered in it
      environment: { GROK_RETRY_MAX_RETRIES: '0', GROK_FEATURES_AUTO_CHAT_MODE_FALLBACK: 'false' },
    })
    try {
      await gateway.emulator.patchAccount(PAID, { weekly, quotas: { auto: { total: 50, remaining: 0 } } })
      await refresh(gateway)
      await work(gateway, (seconds) => {
        passedMs += seconds * 1000
        return gateway.emulator.advanceClock(seconds)
      })
    } finally {
      await gateway.stop()
    }
  }

  test('serves past an empty window, refuses until its period ends when it is used up, and serves again', async () => {
    await withGateway({ usedPercent: 98 }, async (gateway, advance) => {
      expect(await quotaOf(gateway, 'super')).toMatchObject({
        auto: { remaining: 0, total: 50 },
        weekly: { remaining: 200, total: 10_000, window_seconds: 604_800, source: 'real' },
      })
      for (let n = 0; n < 2; n++) expect((await chat(gateway)).status).toBe(200)
      // the pool is used up, which the gateway learns by being refused
      expect((await chat(gateway)).status).toBe(429)
      const asked = (await protocol.calls(gateway)).length
      expect(asked).toBe(3)
      await refresh(gateway)
      expect(await quotaOf(gateway, 'super')).toMatchObject({ weekly: { remaining: 0 } })
      // long after the pause of the mode the pool still holds it, and its other modes too
      await advance(DAY)
      for (const model of [MODEL, 'grok-4.20-0309-non-reasoning-super']) {
        const refused = await chat(gateway, model)
        expect(refused.status).toBe(429)
        expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 3601)
      }
      expect(await protocol.calls(gateway)).toHaveLength(asked)
      await advance(6 * DAY)
      expect((await chat(gateway)).status).toBe(200)
      await refresh(gateway)
      expect(await quotaOf(gateway, 'super')).toMatchObject({ weekly: { remaining: 9900 } })
    })
  })

  test('is asked for again by a request that found it used up long ago', async () => {
    await withGateway({ usedPercent: 100 }, async (gateway, advance) => {
      expect((await chat(gateway)).status).toBe(429)
      expect(await protocol.calls(gateway)).toHaveLength(0)
      await gateway.emulator.patchAccount(PAID, { weekly: { usedPercent: 10 } })
      await advance(3600)
      expect((await chat(gateway)).status).toBe(200)
      expect(await quotaOf(gateway, 'super')).toMatchObject({ weekly: { remaining: 9000 } })
    })
  })

  test('that an account has not leaves its windows in force, and a basic account is not asked for one', async () => {
    await withGateway(null, async (gateway) => {
      expect(await quotaOf(gateway, 'super')).not.toHaveProperty('weekly')
      expect((await chat(gateway)).status).toBe(429)
      expect(await protocol.calls(gateway)).toHaveLength(0)
      const asked = await gateway.emulator.requests({ path: CREDITS })
      expect(new Set(asked.map(({ token }) => token))).toEqual(new Set([PAID]))
    })
  })

  test('that cannot be read is kept as it was, and the account stays in service', async () => {
    await withGateway({ usedPercent: 50 }, async (gateway) => {
      await gateway.emulator.addFault({ path: CREDITS, action: { type: 'http', kind: 'unauthorized' } })
      await refresh(gateway)
      expect(await quotaOf(gateway, 'super')).toMatchObject({ weekly: { remaining: 5000 } })
      expect((await chat(gateway)).status).toBe(200)
    })
  })
})
