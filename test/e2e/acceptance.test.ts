import { expect, test } from 'bun:test'
import { askAdmin } from '../harness/admin.ts'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols, type TestProtocol } from '../harness/protocols.ts'
import { readSse } from '../harness/sse.ts'
import { onEveryStore } from '../harness/stores.ts'

/*
 * What version 2 failed at (spec/control-plane.md §13.7), on every store; rows that know no store have tests of their own.
 */

const MANY = 12_000

const ask = (url: string, path: string, body?: unknown): Promise<Response> =>
  askAdmin(url, 'admin-test', { path, ...(body !== undefined && { body }) })

const chat = (gateway: TestGateway, model: string, prompt = '[[tokens:2]]'): Promise<Response> =>
  gateway.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: prompt }] })

onEveryStore('what version 2 failed at', ({ prepare }) => {
  /** What asks no chat of the upstream needs to know of one protocol only. */
  const withGateway = async (
    options: TestGatewayOptions,
    work: (gateway: TestGateway) => Promise<void>,
    speaking: Pick<TestProtocol, 'start'> = { start: startGateway },
  ): Promise<void> => {
    const environment = { ...(await prepare()), ...options.environment }
    const gateway = await speaking.start({ ...options, environment })
    try {
      await work(gateway)
    } finally {
      await gateway.stop()
    }
  }

  test('12,000 accounts of one import are there in every process, and none of before is gone', async () => {
    await withGateway({ environment: { ACCOUNT_SYNC_INTERVAL: '3' } }, async (gateway) => {
      const second = await gateway.startSecond()
      const content = JSON.stringify({ super: Array.from({ length: MANY }, (_, n) => `imported-${n}`) })
      const report = await ask(gateway.url, '/import', { content })
      expect(await report.json()).toMatchObject({ format: 'json', counts: { added: MANY, deleted: 0 } })
      const size = async (): Promise<number> =>
        (await readJson<{ size: number }>(await ask(second.url, '/status'))).size
      await eventually(size, (count) => count === MANY + 3, 10_000)
    })
  }, 60_000)

  test('a task that one process was given is watched and cancelled through another', async () => {
    const accounts = Array.from({ length: 30 }, (_, n) => ({ token: `token-${n}`, tier: 'super' as const }))
    await withGateway({ accounts }, async (gateway) => {
      const second = await gateway.startSecond()
      await gateway.emulator.addFault({
        path: '/rest/rate-limits',
        action: { type: 'latency', headersMilliseconds: 300 },
      })
      const started = await ask(gateway.url, '/batch/refresh?async=true&concurrency=1', { all: true })
      const { task_id: id } = await readJson<{ task_id: string }>(started)
      const watched = ask(second.url, `/batch/${id}/stream`).then(readSse)
      expect((await ask(second.url, `/batch/${id}/cancel`, {})).status).toBe(200)
      const { events } = await watched
      expect(JSON.parse(events.at(-1)?.data ?? '{}')).toMatchObject({ status: 'cancelled' })
    })
  }, 60_000)

  test('an account is found to be Super by itself, and one answer that fails does not change that', async () => {
    await withGateway({ accounts: [] }, async (gateway) => {
      await gateway.emulator.setAccounts([{ token: 'token-auto', tier: 'super' }])
      await ask(gateway.url, '/tokens/add', { tokens: ['token-auto'], pool: 'auto' })
      const refreshed = async (): Promise<unknown> => {
        expect((await ask(gateway.url, '/batch/refresh', { tokens: ['token-auto'] })).status).toBe(200)
        return (await readJson<{ tokens: unknown }>(await ask(gateway.url, '/tokens'))).tokens
      }
      expect(await refreshed()).toMatchObject([{ pool: 'super' }])
      await gateway.emulator.addFault({
        path: '/rest/rate-limits',
        mode: 'auto',
        times: 1,
        action: { type: 'http', kind: 'server-error' },
      })
      expect(await refreshed()).toMatchObject([{ pool: 'super' }])
    })
  })

  test('a setting that is none is refused by name', async () => {
    await withGateway({}, async (gateway) => {
      const refused = await ask(gateway.url, '/config', {
        chat: { timeout: null },
        proxy: { egress: { mode: 'x' } },
      })
      expect(refused.status).toBe(400)
      const { error } = await readJson<{ error: { fields: { key: string }[] } }>(refused)
      expect(error.fields.map(({ key }) => key).sort()).toEqual(['chat.timeout', 'proxy.egress.mode'])
      expect(await (await ask(gateway.url, '/config')).json()).toMatchObject({
        chat: { timeout: expect.any(Number) },
      })
    })
  })

  test('two proxies in two lines are two, and a picture by address is never fetched', async () => {
    let visits = 0
    await using picture = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => {
        visits++
        return new Response('')
      },
    })
    await withGateway({}, async (gateway) => {
      const pool = 'http://one.test:8080\nhttp://two.test:8080'
      expect((await ask(gateway.url, '/config', { proxy: { egress: { proxy_pool: pool } } })).status).toBe(
        200,
      )
      const config: unknown = await (await ask(gateway.url, '/config')).json()
      expect(config).toMatchObject({
        proxy: { egress: { proxy_pool: [expect.any(String), expect.any(String)] } },
      })
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `http://127.0.0.1:${picture.port}/a.png` } },
      ]
      const model = 'grok-4.20-fast'
      const refused = await gateway.post('/v1/chat/completions', {
        model,
        messages: [{ role: 'user', content }],
      })
      expect(refused.status).toBe(400)
      expect(visits).toBe(0)
    })
  })

  onBothProtocols('in chats', (protocol) => {
    test('an account that always meets a 403 is tried a handful of times, and shown with its cause', async () => {
      const accounts = [
        { token: 'token-good', tier: 'super' },
        { token: 'token-bad', tier: 'super' },
      ] as const
      await withGateway(
        { accounts },
        async (gateway) => {
          await gateway.emulator.addFault({
            path: protocol.path,
            token: 'token-bad',
            action: { type: 'http', kind: 'challenge' },
          })
          for (let n = 0; n < 30; n++) expect((await chat(gateway, 'grok-4.20-fast')).status).toBe(200)
          const tried = (await protocol.calls(gateway)).filter(({ token }) => token === 'token-bad')
          expect(tried.length).toBeWithin(1, 6)
          const { tokens } = await readJson<{ tokens: unknown[] }>(
            await ask(gateway.url, '/tokens?sort=-failures'),
          )
          expect(tokens[0]).toMatchObject({
            fail_count: tried.length,
            last_failure: { code: 'egress_rejected' },
          })
        },
        protocol,
      )
    }, 60_000)

    test('60 requests at once over two accounts of 8 each are 16 at the upstream, the others are told so', async () => {
      const accounts = [
        { token: 'token-1', tier: 'super' },
        { token: 'token-2', tier: 'super' },
      ] as const
      await withGateway(
        { accounts },
        async (gateway) => {
          const prompt = '[[wait:600]] [[tokens:2]]'
          const answers = await Promise.all(
            Array.from({ length: 60 }, () => chat(gateway, 'grok-4.20-fast', prompt)),
          )
          const codes = answers.map(({ status }) => status)
          expect(codes.filter((status) => status === 200).length).toBeGreaterThanOrEqual(16)
          expect(codes.every((status) => status === 200 || status === 429)).toBe(true)
          const { accounts: seen } = await gateway.emulator.counters()
          for (const { maxOpenStreams } of Object.values(seen)) expect(maxOpenStreams).toBeLessThanOrEqual(8)
        },
        protocol,
      )
    }, 60_000)

    test('Grok 4.3 is served', async () => {
      await withGateway(
        {},
        async (gateway) => {
          expect((await chat(gateway, 'grok-4.3-beta')).status).toBe(200)
        },
        protocol,
      )
    })
  })
})
