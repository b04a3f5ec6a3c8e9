import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { API_KEY, startGateway, type TestGateway } from '../harness/gateway.ts'

const PAGE = 'https://chat.example.com'
const headerNames = 'authorization,content-type,anthropic-version,x-stainless-arch'

const preflight = (gateway: TestGateway, path: string, origin = PAGE): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headerNames,
    },
  })

const ask = (gateway: TestGateway, key: string): Promise<Response> =>
  fetch(`${gateway.url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { origin: PAGE, 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'grok-4.20-fast', messages: [{ role: 'user', content: 'hi' }] }),
  })

describe('with the origin of a page in app.cors_origins', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway({ environment: { GROK_APP_CORS_ORIGINS: PAGE } })
  })
  afterAll(() => gateway.stop())

  test.each(['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/models'])(
    'a preflight of %s needs no key, and allows whatever headers are asked for',
    async (path) => {
      const { status, headers } = await preflight(gateway, path)
      expect(status).toBe(204)
      expect(headers.get('access-control-allow-origin')).toBe(PAGE)
      expect(headers.get('access-control-allow-headers')).toBe(headerNames)
      expect(headers.get('access-control-allow-methods')).toContain('POST')
    },
  )

  test.each([
    ['an answer', 200, API_KEY],
    ['an error', 401, 'nope'],
  ])('%s can be read by the page, its request id and Retry-After too', async (_, status, key) => {
    const response = await ask(gateway, key)
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(response.headers.get('access-control-expose-headers')).toBe('x-request-id,request-id,retry-after')
  })

  test('other pages, and other paths, get nothing', async () => {
    const other = await preflight(gateway, '/v1/messages', 'https://evil.example.com')
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    const admin = await preflight(gateway, '/admin/api/session')
    expect(admin.headers.get('access-control-allow-origin')).toBeNull()
  })
})

test('with * any page may call', async () => {
  const gateway = await startGateway({ environment: { GROK_APP_CORS_ORIGINS: '*' } })
  try {
    expect((await preflight(gateway, '/v1/messages')).headers.get('access-control-allow-origin')).toBe('*')
  } finally {
    await gateway.stop()
  }
})

test('by default no page may call', async () => {
  const gateway = await startGateway()
  try {
    const { ok, headers } = await preflight(gateway, '/v1/messages')
    expect([ok, headers.get('access-control-allow-origin')]).toEqual([false, null])
  } finally {
    await gateway.stop()
  }
})
