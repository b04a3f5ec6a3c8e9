import { describe, expect, test } from 'bun:test'
import { createMemoryStores } from '../store/memory.ts'
import type { Stores } from '../store/contract.ts'
import type { Log } from '../util/log.ts'
import { SecretBox } from '../util/secret-box.ts'
import { Clearance, type ClearanceSettings } from './clearance.ts'
import { ClearanceVault } from './clearance-vault.ts'
import { keyOf, type ClearanceTarget } from './clearance-bundle.ts'
import { SolverError, type Solved, type SolveWish } from './flaresolverr.ts'

const MAIN = 'https://grok.test'
const main: ClearanceTarget = { origin: MAIN }
const proxied: ClearanceTarget = { origin: MAIN, proxyUrl: 'http://user:planted-pw@proxy.test:1' }
const files: ClearanceTarget = { origin: 'https://files.test' }
const REFRESH_MS = 3_600_000

const usual: ClearanceSettings = {
  isOn: true,
  solverUrl: 'http://solver.test',
  userAgent: 'Agent/1',
  mainOrigin: MAIN,
  timeoutSeconds: 60,
  refreshSeconds: REFRESH_MS / 1000,
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const stay = new AbortController().signal

interface World {
  readonly clearance: Clearance
  readonly wishes: SolveWish[]
  readonly stores: Stores
  /** What the solver does from now on. */
  solve: (wish: SolveWish) => Promise<Solved>
  settings: ClearanceSettings
  now: number
}

/** A process with a solver that counts; `stores` are those of another process. */
function open(stores: Stores = createMemoryStores(), holder = 'one'): World {
  const wishes: SolveWish[] = []
  const box = new SecretBox(() => [Buffer.alloc(32, 1)])
  const clock = (): number => world.now
  const vault = new ClearanceVault({
    documents: stores.responses,
    leases: stores.leases,
    box,
    holder,
    clock,
    log: silent,
  })
  const clearance = new Clearance({
    settings: () => world.settings,
    vault,
    clock,
    log: silent,
    solve: (wish) => {
      wishes.push(wish)
      return world.solve(wish)
    },
  })
  const give = async (): Promise<Solved> => ({
    cookies: `cf_clearance=secret-${holder}-${wishes.length}`,
    userAgent: 'Solver/1',
    expiresAt: undefined,
  })
  const world: World = { clearance, wishes, stores, solve: give, settings: usual, now: 1_000_000_000_000 }
  return world
}

const fail = async (): Promise<never> => {
  throw new SolverError('no')
}

const valueOf = (bundle: { readonly cookies: string } | undefined): string | undefined =>
  bundle?.cookies.split('=')[1]

describe('a clearance', () => {
  test('is solved once for all who wait, by way out and host', async () => {
    const { clearance, wishes } = open()
    const targets = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? main : proxied))
    const bundles = await Promise.all(targets.map((target) => clearance.acquire(target, stay)))
    expect(new Set(bundles.map((bundle) => bundle?.id)).size).toBe(2)
    expect(wishes.map(({ proxyUrl }) => proxyUrl)).toEqual([undefined, proxied.proxyUrl])
  })

  test('of a host that only files come from is solved once that host demanded it', async () => {
    const { clearance, wishes } = open()
    expect(await clearance.acquire(files, stay)).toBeUndefined()
    expect(wishes).toEqual([])
    expect(await clearance.renew(files, undefined, stay)).toBeDefined()
    expect(await clearance.acquire(files, stay)).toBeDefined()
    expect(wishes).toHaveLength(1)
  })

  test('is thrown away by a refusal of itself alone', async () => {
    const { clearance, wishes } = open()
    const first = await clearance.acquire(main, stay)
    const other = await clearance.acquire(proxied, stay)
    const renewed = await Promise.all(
      Array.from({ length: 50 }, () => clearance.renew(main, first?.id, stay)),
    )
    expect(new Set(renewed.map(valueOf))).toEqual(new Set(['secret-one-3']))
    expect((await clearance.acquire(proxied, stay))?.id).toBe(other?.id)
    // late: it had gone out with the first one
    expect(valueOf(await clearance.renew(main, first?.id, stay))).toBe('secret-one-3')
    expect(wishes).toHaveLength(3)
  })

  test('stays in use while the next one is solved, and when that fails', async () => {
    const world = open()
    const { clearance } = world
    const first = await clearance.acquire(main, stay)
    const { promise, reject } = Promise.withResolvers<never>()
    world.solve = () => promise
    world.now += REFRESH_MS
    const renewing = clearance.renewDue([main], stay)
    expect((await clearance.acquire(main, stay))?.id).toBe(first?.id)
    reject(new SolverError('no'))
    await renewing
    expect(world.wishes).toHaveLength(2)
    expect((await clearance.acquire(main, stay))?.id).toBe(first?.id)
  })

  test('is not used any more after a change of the settings that it is bound to', async () => {
    const world = open()
    await world.clearance.acquire(main, stay)
    world.settings = { ...usual, userAgent: 'Agent/2' }
    expect(world.clearance.reports()[0]?.state).toBe('outdated')
    world.solve = fail
    expect(await world.clearance.acquire(main, stay)).toBeUndefined()
  })

  test('whose time is over is renewed first, and used if that fails', async () => {
    const world = open()
    const expiresAt = world.now + 1000
    world.solve = async () => ({ cookies: 'cf_clearance=short', userAgent: 'Solver/1', expiresAt })
    await world.clearance.acquire(main, stay)
    world.now += 1001
    world.solve = fail
    expect(valueOf(await world.clearance.acquire(main, stay))).toBe('short')
    expect(world.wishes).toHaveLength(2)
  })
})

describe('a solver', () => {
  test('that fails is left alone for a while, longer each time', async () => {
    const world = open()
    world.solve = fail
    const askAfter = async (pauseMs: number): Promise<number> => {
      world.now += pauseMs
      await world.clearance.acquire(main, stay)
      return world.wishes.length
    }
    expect(await askAfter(0)).toBe(1)
    expect(await askAfter(999)).toBe(1)
    expect(await askAfter(1)).toBe(2)
    expect(await askAfter(1999)).toBe(2)
    expect(await askAfter(1)).toBe(3)
    expect(world.clearance.reports()[0]?.lastFailure?.message).toContain('no')
  })

  test('that takes too long is waited for once, and then left alone as long as it took', async () => {
    const world = open()
    world.settings = { ...usual, timeoutSeconds: 0 }
    const { promise, reject } = Promise.withResolvers<never>()
    world.solve = () => promise
    const { clearance, wishes } = world
    expect(await clearance.acquire(main, stay)).toBeUndefined()
    expect(await clearance.renew(main, undefined, stay)).toBeUndefined()
    world.now += 20_000
    reject(new SolverError('too slow'))
    await Bun.sleep(0)
    world.now += 19_999
    expect(await clearance.acquire(main, stay)).toBeUndefined()
    expect(wishes).toHaveLength(1)
    world.now++
    await clearance.acquire(main, stay)
    expect(wishes).toHaveLength(2)
  })

  test('whose clearances are never taken is left alone too', async () => {
    const { clearance, wishes } = open()
    for (let turn = 0; turn < 10; turn++) {
      const pass = await clearance.acquire(main, stay)
      await clearance.renew(main, pass?.id, stay)
    }
    expect(wishes.length).toBe(2)
  })

  test('goes on for the others when one of those who wait leaves', async () => {
    const world = open()
    const { promise, resolve } = Promise.withResolvers<Solved>()
    world.solve = () => promise
    const leaving = new AbortController()
    const left = world.clearance.acquire(main, leaving.signal)
    const stayed = world.clearance.acquire(main, stay)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    resolve({ cookies: 'cf_clearance=late', userAgent: 'Solver/1', expiresAt: undefined })
    expect(valueOf(await stayed)).toBe('late')
  })
})

describe('the schedule', () => {
  test('warms what is configured, and renews what is in use, when it is due', async () => {
    const world = open()
    const { clearance, wishes } = world
    await clearance.renewDue([main, proxied], stay)
    expect(wishes).toHaveLength(2)
    await clearance.renew(files, undefined, stay)
    await clearance.renewDue([main, proxied], stay)
    expect(wishes).toHaveLength(3)
    world.now += REFRESH_MS
    await clearance.renewDue([main, proxied], stay)
    expect(wishes).toHaveLength(6)
  })

  test('forgets proxies that are gone', async () => {
    const world = open()
    await world.clearance.acquire(proxied, stay)
    world.now += REFRESH_MS * 3
    await world.clearance.followOthers()
    expect(world.clearance.reports()).toEqual([])
  })
})

describe('two processes', () => {
  test('have one solve, and both use what came of it', async () => {
    const one = open()
    const two = open(one.stores, 'two')
    const bundles = await Promise.all([one, two].map(({ clearance }) => clearance.acquire(main, stay)))
    expect(new Set(bundles.map((bundle) => bundle?.id)).size).toBe(1)
    expect(one.wishes.length + two.wishes.length).toBe(1)
  })

  test('take over what the other has renewed', async () => {
    const one = open()
    const two = open(one.stores, 'two')
    const first = await one.clearance.acquire(main, stay)
    await two.clearance.acquire(main, stay)
    one.now += 60_000
    two.now = one.now
    const second = await one.clearance.renew(main, first?.id, stay)
    await two.clearance.followOthers()
    expect((await two.clearance.acquire(main, stay))?.id).toBe(second?.id ?? '')
    expect(two.wishes).toEqual([])
  })

  test('have nothing in the store that can be read', async () => {
    const { clearance, stores, now } = open()
    await clearance.acquire(proxied, stay)
    const kept = JSON.stringify(await stores.responses.find(`clearance_${keyOf(proxied)}`, now))
    expect(kept).toContain('sealed')
    for (const secret of ['secret', 'planted-pw']) expect(kept).not.toContain(secret)
  })
})
