import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import type { EgressSettings, WayOut } from './way-out.ts'
import { WaysOut } from './ways-out.ts'

const A = 'http://a.example:8080'
const B = 'http://b.example:8080'
const C = 'http://c.example:8080'
const pool: readonly string[] = [A, B, C]
const nothing: readonly string[] = []
const base: EgressSettings = {
  mode: 'direct',
  proxyUrl: '',
  proxyPool: nothing,
  resourceProxyUrl: '',
  resourceProxyPool: nothing,
}

function open(settings: Partial<EgressSettings>) {
  let now = 1_800_000_000_000
  const ways = new WaysOut(
    () => ({ ...base, ...settings }),
    () => now,
  )
  const take = (accountKey: string, exclude?: ReadonlySet<string>): WayOut | undefined =>
    ways.choose({ accountKey, ownProxyUrl: null, ...(exclude && { exclude }) })
  const proxyOf = (accountKey: string): string | undefined => take(accountKey)?.proxyUrl
  const fail = (
    proxyUrl: string,
    account = 'x',
    type: 'connection' | 'rejected' | 'silence' = 'connection',
  ) => ways.failed({ proxyUrl, account, type })
  const answer = (proxyUrl: string, account = 'x', latencyMs = 100) =>
    ways.answered({ proxyUrl, account, latencyMs })
  const stateOf = (proxyUrl: string) => ways.nodes().find(({ node }) => node.proxyUrl === proxyUrl)
  return { ways, take, proxyOf, fail, answer, stateOf, pass: (ms: number) => (now += ms) }
}

const keys = Array.from({ length: 300 }, (_, index) => `account ${index}`)

function failureOf(work: () => unknown): GatewayError {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('a way out was chosen')
}

describe('the way out', () => {
  test('is direct when the mode says so, even if a proxy is set', () => {
    expect(open({ proxyUrl: A, proxyPool: pool }).take('1')).toEqual({ id: 'direct' })
  })

  test('is the proxy, named without its password', () => {
    const { take } = open({ mode: 'single_proxy', proxyUrl: 'http://user:secret-word@proxy.example:8080' })
    expect(take('1')).toEqual({
      id: 'http://proxy.example:8080',
      proxyUrl: 'http://user:secret-word@proxy.example:8080',
    })
  })

  test.each([
    ['socks5://u:p@h:1', 'socks5h://u:p@h:1'],
    ['socks://h:1', 'socks5h://h:1'],
    ['socks4://h:1', 'socks4a://h:1'],
    ['socks5h://[::1]:1', 'socks5h://[::1]:1'],
    ['socks5h://u:p%ss%20w%@h:1', 'socks5h://u:p%25ss%20w%25@h:1'],
  ])(
    '%p is taken as %p: names are resolved at the proxy, and the password is read in one way',
    (given, taken) => {
      expect(open({ mode: 'single_proxy', proxyUrl: given }).proxyOf('1')).toBe(taken)
    },
  )

  test.each([
    ['no address', { mode: 'single_proxy' }, 'is empty'],
    ['an empty pool', { mode: 'proxy_pool' }, 'is empty'],
    ['no URL', { mode: 'single_proxy', proxyUrl: 'proxy secret-word' }, 'is not a URL'],
    ['another scheme', { mode: 'single_proxy', proxyUrl: 'ftp://u:secret-word@h:1' }, 'ftp:'],
    ['a bad line in the pool', { mode: 'proxy_pool', proxyPool: [A, 'secret-word'] }, 'proxy_pool.1'],
  ] as const)('is an error, never a silent direct connection, with %s', (_, settings, cause) => {
    const failure = failureOf(() => open(settings).take('1'))
    expect(failure.code).toBe('unavailable')
    expect(String(failure.cause)).toContain(cause)
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('secret-word')
  })

  test('of an account with its own proxy is that one, in every mode, and nothing else when it fails', () => {
    const { ways } = open({ mode: 'proxy_pool', proxyPool: pool })
    const own = 'socks5://own.example:1'
    const first = ways.choose({ accountKey: '1', ownProxyUrl: own })
    expect(first?.proxyUrl).toBe('socks5h://own.example:1')
    const exclude = new Set(['socks5h://own.example:1'])
    expect(ways.choose({ accountKey: '1', ownProxyUrl: own, exclude })).toBeUndefined()
  })
})

describe('a pool', () => {
  test('spreads accounts, and an account stays where it is', () => {
    const { proxyOf } = open({ mode: 'proxy_pool', proxyPool: pool })
    const taken = keys.map(proxyOf)
    for (const proxyUrl of pool) expect(taken.filter((one) => one === proxyUrl).length).toBeGreaterThan(60)
    expect(keys.map(proxyOf)).toEqual(taken)
  })

  test('gives another proxy to who has tried one, and none to who has tried all', () => {
    const { take } = open({ mode: 'proxy_pool', proxyPool: pool })
    const first = take('1')?.proxyUrl ?? ''
    expect(take('1', new Set([first]))?.proxyUrl).not.toBe(first)
    expect(take('1', new Set(pool))).toBeUndefined()
  })

  test('lets a failing proxy rest, moves only its accounts, and brings them back', () => {
    const { proxyOf, fail, answer, pass } = open({ mode: 'proxy_pool', proxyPool: pool })
    const before = keys.map(proxyOf)
    fail(A)
    const during = keys.map(proxyOf)
    expect(during).not.toContain(A)
    expect(during.every((proxyUrl, index) => before[index] === A || proxyUrl === before[index])).toBe(true)
    pass(30_001)
    answer(A)
    for (let i = 0; i < 5; i++) answer(A)
    expect(keys.map(proxyOf)).toEqual(before)
  })

  test('rests a proxy for longer each time, at most ten minutes', () => {
    const { fail, stateOf, pass } = open({ mode: 'proxy_pool', proxyPool: pool })
    const rests: number[] = []
    for (let round = 0; round < 7; round++) {
      fail(A)
      let rested = 0
      for (; stateOf(A)?.state === 'cooling'; rested += 10) pass(10_000)
      rests.push(rested)
    }
    expect(rests).toEqual([30, 60, 120, 240, 480, 600, 600])
  })

  test('counts many failures at once as one', () => {
    const { fail, stateOf } = open({ mode: 'proxy_pool', proxyPool: pool })
    for (let i = 0; i < 50; i++) fail(A)
    expect(stateOf(A)).toMatchObject({ failures: 1, health: 0.7 })
  })

  test('after a rest is tried by one request, and by all once that was answered', () => {
    const { proxyOf, fail, answer, stateOf, pass } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(A)
    pass(30_001)
    expect(keys.map(proxyOf).filter((one) => one === A)).toHaveLength(1)
    expect(stateOf(A)?.state).toBe('trial')
    answer(A)
    expect(keys.map(proxyOf).filter((one) => one === A).length).toBeGreaterThan(20)
  })

  test('never closes: when all rest, the one whose rest ends first is used', () => {
    const { proxyOf, fail, pass } = open({ mode: 'proxy_pool', proxyPool: pool })
    for (const proxyUrl of [B, A, C]) {
      fail(proxyUrl)
      pass(1_000)
    }
    expect(keys.map(proxyOf).every((one) => one === B)).toBe(true)
  })

  test('lets a proxy rest only after a second silence: one may be the upstream', () => {
    const { fail, stateOf } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(A, 'x', 'silence')
    expect(stateOf(A)?.state).toBe('ready')
    fail(A, 'y', 'silence')
    expect(stateOf(A)?.state).toBe('cooling')
  })

  test('prefers fast proxies and still uses slow ones', () => {
    const { proxyOf, answer } = open({ mode: 'proxy_pool', proxyPool: pool })
    answer(A, 'x', 100)
    answer(B, 'x', 100)
    answer(C, 'x', 2_000)
    const slow = keys.map(proxyOf).filter((one) => one === C).length
    expect(slow).toBeGreaterThan(5)
    expect(slow).toBeLessThan(60)
  })
})

describe('a refusal at the edge', () => {
  test('counts against the proxy at first', () => {
    const { ways, fail, stateOf } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(A, 'one', 'rejected')
    expect(stateOf(A)?.state).toBe('cooling')
    expect(ways.isAccountsFault('one')).toBe(false)
  })

  test('of the same account elsewhere is the account: no pool rests because of one account', () => {
    const { ways, fail, stateOf } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(A, 'one', 'rejected')
    fail(B, 'one', 'rejected')
    fail(C, 'one', 'rejected')
    expect(ways.isAccountsFault('one')).toBe(true)
    expect(pool.map((proxyUrl) => stateOf(proxyUrl)?.state)).toEqual(['ready', 'ready', 'ready'])
  })

  test('is the account when others were answered there since', () => {
    const { ways, fail, answer, pass } = open({ mode: 'single_proxy', proxyUrl: A })
    fail(A, 'one', 'rejected')
    pass(10)
    answer(A, 'two')
    pass(10)
    fail(A, 'one', 'rejected')
    expect(ways.isAccountsFault('one')).toBe(true)
  })

  test('is forgotten once the account is answered', () => {
    const { ways, fail, answer } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(A, 'one', 'rejected')
    answer(B, 'one')
    fail(B, 'one', 'rejected')
    expect(ways.isAccountsFault('one')).toBe(false)
  })
})

describe('a download', () => {
  test('goes the way of its request without proxies of its own', () => {
    expect(open({}).ways.forDownload(undefined, '1')).toBeUndefined()
    expect(open({ mode: 'proxy_pool', proxyPool: pool }).ways.forDownload(B, '1')).toBe(B)
  })

  test('goes through the proxies for downloads', () => {
    const single = open({ mode: 'single_proxy', proxyUrl: A, resourceProxyUrl: 'socks5://r.example:1' })
    expect(single.ways.forDownload(A, '1')).toBe('socks5h://r.example:1')
    const many = open({ mode: 'proxy_pool', proxyPool: [A], resourceProxyPool: [B, C] })
    expect([B, C]).toContain(many.ways.forDownload(A, '1') ?? '')
  })

  test('leaves a proxy that rests', () => {
    const { ways, fail } = open({ mode: 'proxy_pool', proxyPool: pool })
    fail(B)
    expect([A, C]).toContain(ways.forDownload(B, '1') ?? '')
  })

  test('of an account with its own proxy stays there', () => {
    const own = 'http://own.example:1'
    for (const settings of [{ mode: 'single_proxy', proxyUrl: A, resourceProxyUrl: B }, {}] as const) {
      const { ways } = open(settings)
      const taken = ways.choose({ accountKey: '1', ownProxyUrl: own })?.proxyUrl
      expect(ways.forDownload(taken, '1')).toBe(own)
    }
  })

  test('leaves a proxy that was taken out of the settings since its request', () => {
    expect(open({ mode: 'proxy_pool', proxyPool: [A] }).ways.forDownload(B, '1')).toBe(A)
    expect(open({}).ways.forDownload(B, '1')).toBeUndefined()
  })
})

describe('what is told of all ways', () => {
  const OWN = 'socks5://user:secret-word@own.example:1080'

  test('is how the direct one did, which is taken as before', () => {
    const { ways, take } = open({})
    ways.answered({ proxyUrl: undefined, account: 'x', latencyMs: 120 })
    for (let n = 0; n < 30; n++)
      ways.failed({ proxyUrl: undefined, account: 'x', type: 'rejected', reason: 'challenge' })
    const [direct, ...others] = ways.all()
    expect(others).toEqual([])
    expect(direct).toMatchObject({
      name: 'direct',
      use: 'requests',
      state: 'ready',
      health: 1,
      latencyMs: 120,
      failures: 30,
      coolUntil: 0,
      lastFailure: { type: 'rejected', reason: 'challenge' },
    })
    expect(direct?.history).toHaveLength(10)
    expect(take('1')).toEqual({ id: 'direct' })
  })

  test('is the configured proxies, without their passwords', () => {
    const { ways } = open({ mode: 'single_proxy', proxyUrl: 'http://user:secret-word@proxy.example:8080' })
    ways.failed({ proxyUrl: undefined, account: 'x', type: 'connection' })
    expect(ways.all()).toMatchObject([{ name: 'http://proxy.example:8080', use: 'requests' }])
    expect(JSON.stringify(ways.all())).not.toContain('secret-word')
  })

  test('is the own proxies of accounts that have failed, and of no others', () => {
    const { ways } = open({ mode: 'single_proxy', proxyUrl: A })
    const chosen = [OWN, B, A].map((ownProxyUrl) => ways.choose({ accountKey: '1', ownProxyUrl })?.proxyUrl)
    for (const proxyUrl of [chosen[0], A, C])
      ways.failed({ proxyUrl, account: 'x', type: 'connection', reason: 'proxy' })
    expect(ways.all()).toMatchObject([
      { name: A, use: 'requests' },
      {
        name: 'socks5h://own.example:1080',
        use: 'account',
        state: 'cooling',
        lastFailure: { reason: 'proxy' },
      },
    ])
    expect(JSON.stringify(ways.all())).not.toContain('secret-word')
  })

  test('has an end', () => {
    const { ways } = open({})
    for (let n = 0; n < 1_200; n++) {
      const own = ways.choose({ accountKey: '1', ownProxyUrl: `http://own-${n}.example:1` })
      ways.failed({ proxyUrl: own?.proxyUrl, account: 'x', type: 'connection' })
    }
    expect(ways.all()).toHaveLength(1_001)
    expect(ways.all().at(-1)?.name).toBe('http://own-1199.example:1')
  })
})
