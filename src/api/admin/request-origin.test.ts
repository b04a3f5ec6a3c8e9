import { expect, test } from 'bun:test'
import { judgeOrigin } from './request-origin.ts'

const HOST = 'gateway.test:8000'

test.each([
  ['no header, as from curl', {}, 'absent'],
  ['the same origin', { origin: 'http://gateway.test:8000' }, 'same'],
  ['the same host behind a proxy that speaks https', { origin: 'https://gateway.test:8000' }, 'same'],
  ['the public address', { origin: 'https://public.test' }, 'same'],
  ['a browser that says same-origin', { secFetchSite: 'same-origin' }, 'same'],
  ['another host', { origin: 'http://evil.test' }, 'foreign'],
  ['another port', { origin: 'http://gateway.test:8001' }, 'foreign'],
  ['a host that only begins so', { origin: 'http://gateway.test:8000.evil.test' }, 'foreign'],
  ['a page without an origin', { origin: 'null' }, 'foreign'],
  ['an origin that is none', { origin: 'gateway.test:8000' }, 'foreign'],
  ['a neighbour on the same site', { secFetchSite: 'same-site' }, 'foreign'],
  ['another site', { secFetchSite: 'cross-site', origin: 'http://gateway.test:8000' }, 'foreign'],
  [
    'a foreign origin whatever else is said',
    { secFetchSite: 'same-origin', origin: 'http://evil.test' },
    'foreign',
  ],
])('%s', (_title, { origin, secFetchSite }: { origin?: string; secFetchSite?: string }, verdict) => {
  expect(judgeOrigin({ origin, secFetchSite, host: HOST }, 'https://public.test') as string).toBe(verdict)
})

test('an empty public address is nobody’s origin', () => {
  expect(judgeOrigin({ origin: 'http://evil.test', secFetchSite: undefined, host: undefined }, '')).toBe(
    'foreign',
  )
})
