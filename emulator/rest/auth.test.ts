import { afterEach, describe, expect, test } from 'bun:test'
import { useTestService } from '../testing/service-client.ts'

const service = useTestService()
afterEach(() => service.control.reset())

const INVALID = {
  error: { code: 16, message: 'Invalid credentials. [WKE=unauthorized:invalid-credentials]', details: [] },
}

describe('the cookie', () => {
  const refused = [
    ['no cookie', ''],
    ['only sso', 'sso=demo-basic-token'],
    ['a different sso-rw', 'sso=demo-basic-token; sso-rw=demo-super-token'],
    ['an unknown token', 'sso=nobody; sso-rw=nobody'],
  ] as const
  for (const [title, cookie] of refused) {
    test(`${title} is answered with 401 and code 16`, async () => {
      const response = await service.send('/rest/rate-limits', {
        method: 'POST',
        headers: { Cookie: cookie },
        body: JSON.stringify({ modelName: 'fast' }),
      })
      expect(response.status).toBe(401)
      expect(await response.json()).toEqual(INVALID)
    })
  }

  test('an invalid account is answered with 401, a blocked one with 403', async () => {
    await service.control.patchAccount('demo-basic-token', { state: 'invalid' })
    await service.control.patchAccount('demo-super-token', { state: 'blocked' })
    expect((await service.chat({ token: 'demo-basic-token' })).status).toBe(401)
    const blocked = await service.chat({})
    expect(blocked.status).toBe(403)
    expect(await blocked.json()).toEqual({
      code: 7,
      message: 'User is blocked [WKE=unauthorized:blocked-user]',
      details: [],
    })
  })
})

describe('the session', () => {
  test('names the user and the state of the account in the three shapes', async () => {
    const ask = async () => (await service.send('/api/auth/session')).json()
    const userId = 'b0000000-0000-4000-8000-000000000002'
    const email = 'super@example.org'
    expect(await ask()).toEqual({ status: 'authenticated', session: { userId, email, organizationId: '' } })
    await service.control.setBehaviour({ sessionShape: 'user' })
    await service.control.patchAccount('demo-super-token', { state: 'blocked' })
    expect(await ask()).toEqual({ status: 'blocked', user: { id: userId, email, teamId: '' } })
    await service.control.setBehaviour({ sessionShape: 'flat' })
    await service.control.patchAccount('demo-super-token', { state: 'invalid' })
    expect(await ask()).toEqual({ status: 'unauthenticated', userId, email })
  })

  test('is 401 for an unknown token', async () => {
    expect((await service.send('/api/auth/session', { token: 'nobody' })).status).toBe(401)
  })
})

describe('the edge', () => {
  test('with the challenge on, only a request with cf_clearance passes', async () => {
    await service.control.setBehaviour({ challenge: true })
    const challenged = await service.chat({})
    expect(challenged.status).toBe(403)
    expect(challenged.headers.get('content-type')).toContain('text/html')
    expect(await challenged.text()).toContain('Just a moment...')
    const token = 'demo-super-token'
    const headers = { Cookie: `sso=${token}; sso-rw=${token}; cf_clearance=x` }
    expect((await service.send('/rest/assets', { headers })).status).toBe(200)
  })

  test('with strict headers, a malformed statsig or request id is rejected with code 7', async () => {
    await service.control.setBehaviour({ strictHeaders: true })
    const ask = (statsig: string, requestId: string) =>
      service.send('/rest/assets', {
        headers: { 'x-statsig-id': statsig, 'x-xai-request-id': requestId },
      })
    const text = btoa("x1:TypeError: Cannot read properties of undefined (reading 'qwertyuiop')")
    const signed = Buffer.alloc(70, 7).toString('base64')
    expect((await ask(text, crypto.randomUUID())).status).toBe(200)
    expect((await ask(signed, crypto.randomUUID())).status).toBe(200)
    expect((await ask(signed, 'no-uuid')).status).toBe(403)
    const rejected = await ask(btoa('something else'), crypto.randomUUID())
    expect(rejected.status).toBe(403)
    expect(await rejected.json()).toMatchObject({ error: { code: 7 } })
  })

  test('with strict origin, Origin and Referer must be those of the call', async () => {
    await service.control.setBehaviour({ strictOrigin: true })
    const ask = (origin: string, referer: string) =>
      service.send('/rest/assets', { headers: { Origin: origin, Referer: referer } })
    expect((await ask(service.url, `${service.url}/files`)).status).toBe(200)
    expect((await ask('https://grok.com', 'https://grok.com/files')).status).toBe(200)
    expect((await ask(service.url, `${service.url}/`)).status).toBe(403)
  })
})
