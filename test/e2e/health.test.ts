import { describe, expect, test } from 'bun:test'
import { readJson } from '../harness/json.ts'
import { startGateway } from '../harness/gateway.ts'

describe('/health and /ready', () => {
  test('need no key; ready tells of the store, the accounts and the upstream', async () => {
    const gateway = await startGateway()
    expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ status: 'ok' })
    const before = await fetch(`${gateway.url}/ready`)
    expect(before.status).toBe(200)
    expect(await before.json()).toEqual({
      status: 'ready',
      store: 'ok',
      accounts: { total: 3, usable: 3, in_flight: 0 },
      upstream: { last_seen_at: null },
    })
    await gateway.openai.chat.completions.create({
      model: 'grok-4.20-fast',
      messages: [{ role: 'user', content: 'hi' }],
    })
    const after = await readJson<{ upstream: { last_seen_at: string } }>(await fetch(`${gateway.url}/ready`))
    expect(Date.now() - Date.parse(after.upstream.last_seen_at)).toBeLessThan(60_000)
    await gateway.stop()
  })

  test('a gateway without accounts lives but is not ready', async () => {
    const gateway = await startGateway({ accounts: [] })
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(503)
    await gateway.stop()
  })
})
