import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

let keys = 0
const newKey = (): string => `key-${keys++}`

const ask = { model: 'grok-4.20-fast', input: 'hi' }

onBothProtocols('a request that is sent again with its key', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start({ environment: { GROK_APP_API_KEY: 'sk-test,sk-other' } })
    await gateway.emulator.setBehaviour({ videoSeconds: 0.1 })
  })

  afterAll(() => gateway.stop())

  beforeEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })

  function post(
    path: string,
    body: object,
    key: string,
    more: RequestInit & { apiKey?: string } = {},
  ): Promise<Response> {
    const { apiKey = 'sk-test', ...init } = more
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    }
    return fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body), ...init })
  }

  const asked = async (): Promise<number> => (await protocol.calls(gateway)).length

  test.each([
    ['a response', '/v1/responses', ask],
    ['a streamed response', '/v1/responses', { ...ask, stream: true }],
    [
      'pictures',
      '/v1/images/generations',
      { model: 'grok-imagine-image-lite', prompt: 'a boat', response_format: 'b64_json' },
    ],
    ['a video', '/v1/videos', { prompt: 'a boat' }],
  ])('gets %s as before, and nothing is done again', async (_, path, body) => {
    const key = newKey()
    const first = await post(path, body, key)
    expect(first.status).toBe(200)
    const text = await first.text()
    const count = path === '/v1/videos' ? undefined : await asked()
    const again = await post(path, body, key)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
    expect(await again.text()).toBe(text)
    if (count !== undefined) expect(await asked()).toBe(count)
  })

  test('under another process of the gateway, too', async () => {
    const second = await gateway.startSecond()
    const key = newKey()
    const text = await (await post('/v1/responses', ask, key)).text()
    const headers = {
      authorization: 'Bearer sk-test',
      'content-type': 'application/json',
      'idempotency-key': key,
    }
    const body = JSON.stringify(ask)
    const again = await fetch(`${second.url}/v1/responses`, { method: 'POST', headers, body })
    expect(await again.text()).toBe(text)
  })

  test('is refused if it asks for something else', async () => {
    const key = newKey()
    await (await post('/v1/responses', ask, key)).text()
    const other = await post('/v1/responses', { ...ask, input: 'ho' }, key)
    expect(other.status).toBe(400)
    expect(await other.json()).toMatchObject({ error: { param: 'Idempotency-Key' } })
  })

  test('is refused while the first is being answered', async () => {
    await gateway.emulator.addFault({
      path: protocol.path,
      action: { type: 'latency', headersMilliseconds: 400 },
    })
    const key = newKey()
    const first = post('/v1/responses', ask, key)
    await eventually(asked, (count) => count === 1)
    expect((await post('/v1/responses', ask, key)).status).toBe(409)
    expect((await first).status).toBe(200)
  })

  test('runs again after a failure that a repeat may mend', async () => {
    await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'server-error' } })
    const key = newKey()
    expect((await post('/v1/responses', ask, key)).status).toBe(502)
    await gateway.emulator.clearFaults()
    expect((await post('/v1/responses', ask, key)).status).toBe(200)
  })

  test('runs again after its client left in the middle', async () => {
    await gateway.emulator.addFault({
      path: protocol.path,
      times: 1,
      action: { type: 'stall', afterFrames: 6 },
    })
    const key = newKey()
    const leaving = new AbortController()
    const body = { ...ask, input: '[[tokens:50]]', stream: true }
    const first = await post('/v1/responses', body, key, { signal: leaving.signal })
    const reader = first.body?.getReader()
    await reader?.read()
    leaving.abort()
    const again = await eventually(
      () => post('/v1/responses', body, key),
      ({ status }) => status === 200,
    )
    expect(await again.text()).toContain('response.completed')
  })

  test('of another caller is another request', async () => {
    const key = newKey()
    const mine = await (await post('/v1/responses', ask, key)).text()
    const theirs = await (await post('/v1/responses', ask, key, { apiKey: 'sk-other' })).text()
    expect(theirs).not.toBe(mine)
  })
})
