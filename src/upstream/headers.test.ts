import { describe, expect, test } from 'bun:test'
import { clientHints } from './client-hints.ts'
import { encodeCookies } from './cookies.ts'
import { restHeaders } from './headers.ts'
import { statsigId } from './statsig.ts'

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/136.0.0.0 Safari/537.36'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/136.0 Mobile/15E148'

describe('cookies', () => {
  test('carry the token twice, and only those of the edge beside it', () => {
    const pasted =
      'x-userid=other; CF_Clearance=abc; grok_device_id=9; __cf_bm=q; cf_chl_x=1; cf_clearance=later; _cfuvid='
    expect(encodeCookies('TOKEN', pasted)).toBe(
      'sso=TOKEN; sso-rw=TOKEN; cf_clearance=abc; __cf_bm=q; cf_chl_x=1',
    )
    expect(encodeCookies('TOKEN', '')).toBe('sso=TOKEN; sso-rw=TOKEN')
  })

  test('of the edge cannot bring a line break into the header', () => {
    expect(encodeCookies('T', 'cf_clearance=a\r\nx: y')).toBe('sso=T; sso-rw=T')
  })
})

describe('client hints', () => {
  test('say what the User-Agent says', () => {
    expect(clientHints(CHROME)).toEqual({
      'sec-ch-ua': '"Google Chrome";v="136", "Chromium";v="136", "Not(A:Brand";v="24"',
      'sec-ch-ua-mobile': '?0',
      'sec-ch-ua-model': '',
      'sec-ch-ua-platform': '"macOS"',
      'sec-ch-ua-arch': 'x86',
      'sec-ch-ua-bitness': '64',
    })
  })

  test('take a phone for a phone, and Edge for Edge', () => {
    expect(clientHints(IPHONE)).toMatchObject({ 'sec-ch-ua-platform': '"iOS"', 'sec-ch-ua-mobile': '?1' })
    expect(clientHints(`${CHROME} Edg/137.0`)['sec-ch-ua']).toStartWith('"Microsoft Edge";v="137"')
  })

  test('are not sent for Firefox', () => {
    expect(clientHints('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toEqual({})
  })
})

describe('the headers of a call', () => {
  const options = {
    baseUrl: 'https://grok.test',
    credential: 'T',
    identity: { userAgent: CHROME, edgeCookies: '' },
    refererPath: '/',
  }

  test('are those of a page of the same origin, with a new request id each', () => {
    const first = restHeaders(options)
    expect(first).toMatchObject({
      origin: 'https://grok.test',
      referer: 'https://grok.test/',
      cookie: 'sso=T; sso-rw=T',
      'user-agent': CHROME,
      'sec-fetch-site': 'same-origin',
    })
    expect(first).not.toHaveProperty('authorization')
    expect(first).not.toHaveProperty('x-statsig-id')
    expect(first['x-xai-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(restHeaders(options)['x-xai-request-id']).not.toBe(first['x-xai-request-id'])
  })
})

describe('x-statsig-id', () => {
  test("is an operator's constant before anything else", () => {
    expect(statsigId({ value: 'mine', placeholder: true }, Math.random)).toBe('mine')
  })

  test('is one of two error texts as a placeholder', () => {
    const undefinedForm = statsigId({ value: '', placeholder: true }, () => 0.99) ?? ''
    expect(atob(undefinedForm)).toBe(
      "x1:TypeError: Cannot read properties of undefined (reading 'zzzzzzzzzz')",
    )
    const nullForm = statsigId({ value: '', placeholder: true }, () => 0) ?? ''
    expect(atob(nullForm)).toBe(
      String.raw`x1:TypeError: Cannot read properties of null (reading 'children[\'aaaaa\']')`,
    )
  })

  test('is left out when both are off', () => {
    expect(statsigId({ value: '', placeholder: false }, Math.random)).toBeUndefined()
  })
})
