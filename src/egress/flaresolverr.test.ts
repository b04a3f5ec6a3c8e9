import { afterAll, describe, expect, test } from 'bun:test'
import { askFlareSolverr, greetFlareSolverr, type SolveWish } from './flaresolverr.ts'

const asked: { readonly path: string; readonly body: unknown }[] = []
let answer: () => Response | Promise<Response> = () => new Response()
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    const body = request.method === 'POST' ? await request.json() : undefined
    asked.push({ path: new URL(request.url).pathname, body })
    return answer()
  },
})
afterAll(() => server.stop(true))

const root = `http://127.0.0.1:${server.port}`
const solve = (wish: Partial<SolveWish> = {}) =>
  askFlareSolverr({
    solverUrl: root,
    origin: 'https://grok.test',
    timeoutSeconds: 60,
    signal: new AbortController().signal,
    ...wish,
  })

const solution = (cookies: readonly object[] | null, userAgent = 'Agent/9 Chrome/146') => {
  answer = () => Response.json({ status: 'ok', message: '', solution: { status: 200, cookies, userAgent } })
}
const cookie = { name: 'cf_clearance', value: 'abc', domain: '.grok.test' }

describe('the question', () => {
  test.each(['', '/', '/v1', '/v1/'])('goes to /v1 of the address %p', async (path) => {
    solution([cookie])
    await solve({ solverUrl: root + path })
    expect(asked.at(-1)).toEqual({
      path: '/v1',
      body: { cmd: 'request.get', url: 'https://grok.test', maxTimeout: 60_000 },
    })
  })

  test.each([
    ['http://proxy.test:1', { url: 'http://proxy.test:1' }],
    ['socks5h://proxy.test:1', { url: 'socks5://proxy.test:1' }],
    ['socks4a://proxy.test:1', { url: 'socks4://proxy.test:1' }],
    [
      'socks5h://a%20b:c%3Ad@proxy.test:1',
      { url: 'socks5://proxy.test:1', username: 'a b', password: 'c:d' },
    ],
    ['http://a:b@proxy.test:80', { url: 'http://proxy.test:80', username: 'a', password: 'b' }],
    ['https://a:b@proxy.test', { url: 'https://proxy.test:443', username: 'a', password: 'b' }],
    ['socks5h://a:b@[::1]', { url: 'socks5://[::1]:1080', username: 'a', password: 'b' }],
  ])('names the proxy %s as a browser understands it', async (proxyUrl, proxy) => {
    solution([cookie])
    await solve({ proxyUrl })
    expect(asked.at(-1)?.body).toMatchObject({ proxy })
  })
})

describe('the answer', () => {
  test("keeps the edge's own cookies for the host, the first of a name", async () => {
    solution([
      { ...cookie, value: 'else', domain: 'other.test' },
      cookie,
      { ...cookie, value: 'second' },
      { name: '__cf_bm', value: 'bm' },
      { name: 'CF_chl_rc', value: '1', domain: 'grok.test' },
      { name: '_cfuvid', value: 'bad value', domain: 'grok.test' },
      { name: 'x-userid', value: 'somebody', domain: 'grok.test' },
    ])
    expect(await solve()).toEqual({
      cookies: 'cf_clearance=abc; __cf_bm=bm; cf_chl_rc=1',
      userAgent: 'Agent/9 Chrome/146',
      expiresAt: undefined,
    })
  })

  test.each([
    [{ expiry: 1_900_000_000 }, 1_900_000_000_000],
    [{ expires: 1_900_000_000.5 }, 1_900_000_000_500],
    [{ expires: -1 }, undefined],
    [{ expiry: 0 }, undefined],
  ])('ends with the clearance: %p', async (times, expiresAt) => {
    solution([{ ...cookie, ...times }])
    expect((await solve()).expiresAt).toBe(expiresAt)
  })

  test.each([[[]], [null]])('may have no cookies: nothing was asked for', async (cookies) => {
    solution(cookies)
    expect((await solve()).cookies).toBe('')
  })
})

describe('a failure says what it is', () => {
  const proxyUrl = 'http://user:planted%20pw@proxy.test:1'
  test.each<[string, () => Response, string]>([
    [
      'an error with 500',
      () => Response.json({ status: 'error', message: 'Timeout' }, { status: 500 }),
      'Timeout',
    ],
    ['an error with 200', () => Response.json({ status: 'error', message: 'Captcha' }), 'Captcha'],
    ['a page', () => new Response('<html>', { status: 502 }), 'HTTP 502'],
    ['no solution', () => Response.json({ status: 'ok', message: '' }), 'no solution'],
    [
      'no User-Agent',
      () => Response.json({ status: 'ok', solution: { userAgent: 'a\nb', cookies: [] } }),
      'User-Agent',
    ],
    ['an endless answer', () => new Response('x'.repeat(3 * 1024 * 1024)), 'too long'],
    ['a redirect', () => Response.redirect('http://elsewhere.test/', 302), 'edirect'],
  ])('%s', async (_, give, expected) => {
    answer = give
    await expect(solve({ proxyUrl })).rejects.toThrow(expected)
  })

  test('without the password of the proxy', async () => {
    const message = `net::ERR_PROXY at ${proxyUrl} (planted pw) http://other:secret@proxy.test ${'x'.repeat(500)}`
    answer = () => Response.json({ status: 'error', message }, { status: 500 })
    const error: unknown = await solve({ proxyUrl }).catch((thrown: unknown) => thrown)
    const text = String(error)
    for (const secret of ['planted', 'secret']) expect(text).not.toContain(secret)
    expect(text.length).toBeLessThan(330)
  })

  test('when nobody listens', async () => {
    await expect(solve({ solverUrl: 'http://127.0.0.1:9' })).rejects.toThrow()
  })
})

describe('the greeting', () => {
  const greet = (path = '', timeoutSeconds = 5) =>
    greetFlareSolverr({ solverUrl: root + path, timeoutSeconds, signal: new AbortController().signal })
  const greeting = { msg: 'FlareSolverr is ready!', version: '3.4.6', userAgent: 'Agent/9' }

  test.each([
    ['', '/'],
    ['/v1', '/'],
    ['/solver/v1/', '/solver/'],
  ])('is asked for beside what solves: %p', async (path, expected) => {
    answer = () => Response.json(greeting)
    expect(await greet(path)).toBe('3.4.6')
    expect(asked.at(-1)).toEqual({ path: expected, body: undefined })
  })

  test.each<[string, () => Response | Promise<Response>, string]>([
    ['a login page', () => new Response('<html>Log in</html>'), 'HTTP 200'],
    ['some other JSON', () => Response.json({ msg: 'ok', version: '1' }), 'HTTP 200'],
    ['an endless answer', () => new Response('x'.repeat(3 * 1024 * 1024)), 'too long'],
    ['a redirect', () => Response.redirect('http://elsewhere.test/', 302), 'edirect'],
  ])('is not %s', async (_, give, expected) => {
    answer = give
    await expect(greet()).rejects.toThrow(expected)
  })

  test('is not waited for without an end', async () => {
    answer = () => new Promise(() => undefined)
    await expect(greet('', 0.05)).rejects.toThrow('in time')
  })
})
