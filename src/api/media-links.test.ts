import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import type { ApiEnv } from './context.ts'
import { mediaLinks, type LinkSettings } from './media-links.ts'

const settings: LinkSettings = { publicUrl: '', trustedProxies: ['127.0.0.0/8', '::1', '10.1.2.3'] }

interface Asked extends Partial<LinkSettings> {
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
}

/** What stands before the path of a link. */
async function baseOf({ headers = {}, address, ...changed }: Asked): Promise<string> {
  const app = new Hono<ApiEnv>().get('/', (c) =>
    c.text(mediaLinks(c, { ...settings, ...changed }).imageUrl('x')),
  )
  const answer = await app.request(
    'http://inside:8000/',
    { headers },
    address === undefined ? {} : { address },
  )
  const link = await answer.text()
  expect(link).toEndWith('/v1/files/image?id=x')
  return link.replace('/v1/files/image?id=x', '')
}

const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'grok.example' }

describe('links to kept files begin with', () => {
  test('the public address, whatever a request says', async () => {
    const headers = { host: 'a.test', ...forwarded }
    expect(await baseOf({ headers, address: '127.0.0.1', publicUrl: 'https://b.test/x' })).toBe(
      'https://b.test/x',
    )
  })

  test.each(['a.test', 'a.test:8000', '192.0.2.7:8000', '[::1]:8000', 'my_host'])(
    'else the address that the caller used: %s',
    async (host) => {
      expect(await baseOf({ headers: { host } })).toBe(`http://${host}`)
    },
  )

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.9', '10.1.2.3'])(
    'what the trusted proxy %s says of it',
    async (address) => {
      expect(await baseOf({ headers: { host: 'inside', ...forwarded }, address })).toBe(
        'https://grok.example',
      )
    },
  )

  test.each(['192.0.2.1', '10.1.2.4', 'nonsense', undefined])('nothing that %p claims', async (address) => {
    const headers = { host: 'a.test', ...forwarded }
    expect(await baseOf({ headers, ...(address !== undefined && { address }) })).toBe('http://a.test')
  })

  test('the first of several proxies’ words, each on its own', async () => {
    const address = '127.0.0.1'
    const chain = { host: 'a.test', 'x-forwarded-proto': 'HTTPS, http', 'x-forwarded-host': 'b.test, c.test' }
    expect(await baseOf({ headers: chain, address })).toBe('https://b.test')
    expect(await baseOf({ headers: { host: 'a.test', 'x-forwarded-proto': 'https' }, address })).toBe(
      'https://a.test',
    )
    expect(await baseOf({ headers: { host: 'a.test', 'x-forwarded-proto': 'file' }, address })).toBe(
      'http://a.test',
    )
  })

  test.each([
    'a.test/x?',
    'user@a.test',
    'a.test#',
    'a b',
    '<script>',
    'a.test:99999999',
    '',
    'x'.repeat(300),
  ])('nothing, so that they are relative, where the host is %j', async (host) => {
    expect(await baseOf({ headers: { host } })).toBe('')
  })

  test('what is a host, where a proxy says something else', async () => {
    const headers = { host: 'a.test', 'x-forwarded-host': 'evil.test/x' }
    expect(await baseOf({ headers, address: '127.0.0.1' })).toBe('http://a.test')
  })
})
