import { describe, expect, test } from 'bun:test'
import { readJson } from '../../../test/harness/json.ts'
import { INSTANCE_HEADER } from '../health.ts'
import { startAdmin } from './admin-for-tests.ts'
import { checkPublicUrl } from './public-url.ts'
import { instanceIdOf } from './routes.ts'

const instanceId = 'this-one'
const URL_ASKED = 'http://public.test:8080/base'

const failWith = (name: string, code: string): Error =>
  Object.assign(new Error('secret words'), { name, code })

function check(answer: Response | Error) {
  const asked: string[] = []
  const fetch = async (url: string): Promise<Response> => {
    asked.push(url)
    if (answer instanceof Error) throw answer
    return answer
  }
  const { signal } = new AbortController()
  return checkPublicUrl(URL_ASKED, { instanceId, fetch, signal }).then((finding) => ({ ...finding, asked }))
}

describe('the test of the public address', () => {
  test.each([
    ['another name', failWith('TypeError', 'ENOTFOUND'), 'dns', 'public.test'],
    ['a closed port', failWith('TypeError', 'ECONNREFUSED'), 'refused', 'port 8080'],
    ['silence', failWith('TimeoutError', ''), 'timeout', '5 seconds'],
    ['an own certificate', failWith('TypeError', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls', 'self signed cert'],
    ['no TLS at all', failWith('TypeError', 'EPROTO'), 'tls', 'eproto'],
    ['a broken connection', failWith('TypeError', 'ECONNRESET'), 'unreachable', 'ECONNRESET'],
    [
      'a redirect',
      new Response(null, { status: 308, headers: { location: 'https://public.test/x?secret=1' } }),
      'redirect',
      'https://public.test/x.',
    ],
    ['an error page', new Response('', { status: 502 }), 'status', '502'],
    ['another program', new Response('{}'), 'not_this_gateway', 'not this gateway'],
    [
      'another gateway',
      new Response('{}', { headers: { [INSTANCE_HEADER]: 'other' } }),
      'not_this_gateway',
      'not this gateway',
    ],
  ] as const)('says plainly what is wrong with %s', async (_title, answer, problem, words) => {
    const finding = await check(answer)
    expect(finding).toMatchObject({ problem, asked: [`${URL_ASKED}/health`] })
    expect(finding.message).toContain(words)
    expect(finding.message).not.toContain('secret')
  })

  test('finds nothing wrong where this gateway answers', async () => {
    const answer = new Response('{}', { headers: { [INSTANCE_HEADER]: instanceId } })
    expect(await check(answer)).toMatchObject({ problem: null })
  })

  test.each([
    [new Response('', { headers: { 'content-type': 'image/png' } }), null, 'serves kept files'],
    [new Response('', { status: 404 }), 'files_not_served', '404'],
    [new Response('', { headers: { 'content-type': 'text/html' } }), 'files_not_served', 'text/html'],
  ])('fetches a link of its own as a browser would: %#', async (file, problem, words) => {
    const health = new Response('{}', { headers: { [INSTANCE_HEADER]: instanceId } })
    const fileLink = `${URL_ASKED}/v1/files/image?id=x`
    const fetch = async (url: string): Promise<Response> => (url === fileLink ? file : health)
    const { signal } = new AbortController()
    const finding = await checkPublicUrl(URL_ASKED, { instanceId, fetch, signal, fileLink })
    expect(finding).toMatchObject({ problem, message: expect.stringContaining(words) })
  })

  test('knows the failures as the runtime words them', async () => {
    const { signal } = new AbortController()
    const ask = async (url: string) => (await checkPublicUrl(url, { instanceId, fetch, signal })).problem
    const plain = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('x') })
    expect(await ask('http://127.0.0.1:1')).toBe('refused')
    expect(await ask(`https://127.0.0.1:${plain.port}`)).toBe('tls')
    expect(await ask(`http://127.0.0.1:${plain.port}`)).toBe('not_this_gateway')
    expect(await ask('http://no-such-host.invalid')).toBe('dns')
    await plain.stop(true)
  })
})

describe('POST /admin/api/config/test/public-url', () => {
  const fetch = async (): Promise<Response> => {
    const id = instanceIdOf({ sessionKey: Buffer.alloc(32, 7) })
    return new Response('', { headers: { [INSTANCE_HEADER]: id } })
  }

  test('asks the given address, or the saved one', async () => {
    const stored = { app: { app_key: 'password', api_key: ['x'], app_url: 'https://saved.test' } }
    const admin = await startAdmin({ stored, parts: { fetch } })
    const given = await admin.ask('POST', '/config/test/public-url', { url: 'https://given.test/' })
    expect(await readJson<object>(given)).toMatchObject({
      ok: true,
      url: 'https://given.test',
      problem: null,
    })
    const saved = await admin.ask('POST', '/config/test/public-url', {})
    expect(await readJson<object>(saved)).toMatchObject({ ok: true, url: 'https://saved.test' })
  })

  test('says that none is set', async () => {
    const admin = await startAdmin({ parts: { fetch } })
    const answer = await admin.ask('POST', '/config/test/public-url', {})
    expect(await readJson<object>(answer)).toMatchObject({ ok: false, problem: 'not_set' })
  })

  test.each(['file:///etc/passwd', 'https://user:pass@x.test', 'https://x.test/?q', 'x.test', 'ftp://x'])(
    'does not ask %p',
    async (url) => {
      const admin = await startAdmin({ parts: { fetch } })
      expect((await admin.ask('POST', '/config/test/public-url', { url })).status).toBe(400)
    },
  )
})
