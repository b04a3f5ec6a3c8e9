import { describe, expect, test } from 'bun:test'
import { httpFaultKinds } from '../state/faults.ts'
import { framesOf, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })

const LIMITS = '/rest/rate-limits'
const limits = async (token?: string) => (await service.post(LIMITS, { modelName: 'fast' }, token)).status

describe('a fault rule', () => {
  const statuses = {
    'bad-request-marker': 400,
    'bad-request': 400,
    unauthorized: 401,
    'payment-required': 402,
    blocked: 403,
    challenge: 403,
    'challenge-503': 503,
    'anti-bot': 403,
    safety: 403,
    'not-found': 404,
    'rate-limited': 429,
    'server-error': 500,
    'bad-gateway': 502,
    unavailable: 503,
  }
  for (const kind of httpFaultKinds) {
    test(`answers ${kind} with ${statuses[kind]}`, async () => {
      await service.control.addFault({ action: { type: 'http', kind } })
      expect(await limits()).toBe(statuses[kind])
    })
  }

  test('hits only its path and its account', async () => {
    await service.control.addFault({
      path: '/rest/rate*',
      token: 'demo-basic-token',
      action: { type: 'http', kind: 'unavailable' },
    })
    expect(await limits('demo-basic-token')).toBe(503)
    expect(await limits()).toBe(200)
    expect((await service.chat({ token: 'demo-basic-token' })).status).toBe(200)
  })

  test('lets the first requests pass and ends after its times', async () => {
    const rule = { path: LIMITS, skip: 1, times: 2, action: { type: 'http', kind: 'server-error' } } as const
    const { id } = await service.control.addFault(rule)
    expect([await limits(), await limits(), await limits(), await limits()]).toEqual([200, 500, 500, 200])
    expect(await service.control.faults()).toMatchObject([{ id, matched: 4, hit: 2 }])
    await service.control.removeFault(id)
    expect(await service.control.faults()).toEqual([])
  })

  test('can look at the mode and the prompt', async () => {
    await service.control.addFault({
      mode: 'auto',
      promptIncludes: 'cat',
      action: { type: 'http', kind: 'safety' },
    })
    expect((await service.chat({ modeId: 'auto', message: '[user]: a cat' })).status).toBe(403)
    expect((await service.chat({ modeId: 'auto', message: '[user]: a dog' })).status).toBe(200)
    expect((await service.chat({ message: '[user]: a cat' })).status).toBe(200)
  })

  test('can set Retry-After or answer anything', async () => {
    const limited = { type: 'http', kind: 'rate-limited', retryAfterSeconds: 17 } as const
    await service.control.addFault({ times: 1, action: limited })
    expect((await service.chat({})).headers.get('retry-after')).toBe('17')
    await service.control.addFault({
      action: { type: 'http-custom', status: 418, body: '{}', headers: { 'X-A': 'b' } },
    })
    const custom = await service.chat({})
    expect([custom.status, custom.headers.get('x-a')]).toEqual([418, 'b'])
  })

  test('can put an error of its own into the stream', async () => {
    const action = { type: 'in-band-error', code: 14, message: 'busy', at: 'after-echo' } as const
    await service.control.addFault({ action })
    expect((await framesOf(await service.chat({}))).at(-1)).toMatchObject({
      error: { code: 14, message: 'busy' },
    })
  })
})

describe('the record', () => {
  test('tells of a request what came and how it ended', async () => {
    await (await service.chat({ message: '[user]: [[tokens:3]]' })).text()
    const record = await service.control.waitForRequest({ path: '/rest/app-chat/*', outcome: 'completed' })
    expect(record).toMatchObject({
      method: 'POST',
      path: '/rest/app-chat/conversations/new',
      token: 'demo-super-token',
      status: 200,
      body: { message: '[user]: [[tokens:3]]', modeId: 'fast' },
      // conversation, echo, layout, model, 3 tokens, stop, metadata, message, title.
      framesSent: 11,
    })
    expect(record.headers['cookie']).toContain('sso-rw=demo-super-token')
    expect(record.endedAt).not.toBeNull()
  })

  test('is filtered and cleared', async () => {
    await limits('demo-basic-token')
    await limits('nobody')
    expect(await service.control.requests({ token: 'nobody' })).toMatchObject([{ status: 401 }])
    expect(await service.control.requests({ status: 200 })).toHaveLength(1)
    await service.control.clearRequests()
    expect(await service.control.requests()).toEqual([])
  })

  test('drops the body of a request over 1 MiB', async () => {
    await (await service.chat({ message: `[user]: [[say:ok]] ${'x'.repeat(1_100_000)}` })).text()
    expect((await service.control.requests())[0]?.body).toMatchObject({ truncated: true })
  })
})

describe('control', () => {
  test('sets accounts, with users that stay the same for the same token', async () => {
    const [first] = await service.control.setAccounts([{ token: 'a', tier: 'super' }])
    const [again] = await service.control.setAccounts([
      { token: 'a' },
      { token: 'b', quotas: { fast: { total: 3 } } },
    ])
    expect(again?.userId).toBe(first?.userId ?? '')
    expect((await service.control.quotas())['b']?.fast?.totalQueries).toBe(3)
    expect(await limits()).toBe(401)
    await service.control.putAccount({ token: 'c' })
    await service.control.removeAccount('a')
    expect((await service.control.accounts()).map((account) => account.token)).toEqual(['b', 'c'])
  })

  test('gives the same ids for the same seed', async () => {
    const ask = async () => {
      await service.control.setBehaviour({ idSeed: 5 })
      return (await framesOf(await service.chat({ message: '[user]: Hi' })))[1]
    }
    const idIn = (frame: unknown) => /"responseId":"[^"]+"/.exec(JSON.stringify(frame))?.[0]
    expect(idIn(await ask())).toBe(idIn(await ask()))
    expect((await service.control.behaviour()).framing.newline).toBe(true)
  })

  const wrong = [
    ['POST', '/faults', { action: { type: 'explode' } }],
    ['POST', '/faults', { times: 0, action: { type: 'reset' } }],
    ['PATCH', '/behaviour', { paceMillis: 3 }],
    ['PATCH', '/behaviour', { framing: { cutBytes: { seed: 1, minBytes: 5, maxBytes: 2 } } }],
    ['PUT', '/accounts', { accounts: [{ token: 'a b' }] }],
    ['PATCH', '/accounts/demo-basic-token', { tier: 'gold' }],
    ['POST', '/clock/advance', { seconds: -1 }],
  ] as const
  for (const [method, path, body] of wrong) {
    test(`answers ${method} ${path} with ${JSON.stringify(body)} with a 400 that says why`, async () => {
      const response = await fetch(`${service.url}/__emulator${path}`, { method, body: JSON.stringify(body) })
      expect(response.status).toBe(400)
      expect(((await response.json()) as { error: string }).error.length).toBeGreaterThan(10)
    })
  }

  test('answers an unknown account, fault or route with 404, and no JSON with 400', async () => {
    const status = async (method: string, path: string, body?: string) =>
      (await fetch(`${service.url}/__emulator${path}`, { method, ...(body === undefined ? {} : { body }) }))
        .status
    expect(await status('PATCH', '/accounts/nobody', '{}')).toBe(404)
    expect(await status('DELETE', '/faults/fault-99')).toBe(404)
    expect(await status('GET', '/nothing')).toBe(404)
    expect(await status('POST', '/faults', 'no json')).toBe(400)
  })
})
