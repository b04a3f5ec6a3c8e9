import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import type { InFlightStore, LeaseStore, Stores } from './contract.ts'

type Opened = Pick<Stores, 'leases' | 'inFlight' | 'close'>

const LEASE_MS = 1000
const lease = (holder: string, now = NOW) => ({ holder, until: now + LEASE_MS })

/** The promises of what processes share beside data: leases and counts of what is in flight. */
export function describeSharing(name: string, open: () => Promise<Opened>): void {
  describe(name, () => {
    let stores: Opened
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())
    describe('a lease', () => testLeases(() => stores.leases))
    describe('counting what is in flight', () =>
      testInFlight(() => {
        if (!stores.inFlight) throw new Error('this store counts nothing')
        return stores.inFlight
      }))
  })
}

function testLeases(leases: () => LeaseStore): void {
  test('is held by one at a time, who may prolong it', async () => {
    const first = await leases().acquire('leader', lease('me'), NOW)
    expect(first).toBeDefined()
    expect(await leases().acquire('leader', lease('other'), NOW)).toBeUndefined()
    expect(await leases().acquire('leader', lease('me', NOW + 9), NOW + 9)).toEqual(first)
    expect(await leases().acquire('leader', lease('other', NOW + 9), NOW + LEASE_MS)).toBeUndefined()
    expect(await leases().acquire('something else', lease('other'), NOW)).toBeDefined()
  })

  test('that is not prolonged goes to the next, under a higher token', async () => {
    const first = await leases().acquire('leader', lease('me'), NOW)
    const second = await leases().acquire('leader', lease('other', NOW + LEASE_MS), NOW + LEASE_MS)
    expect(second?.token).toBeGreaterThan(first?.token ?? Number.NaN)
    expect(await leases().acquire('leader', lease('me', NOW + LEASE_MS), NOW + LEASE_MS)).toBeUndefined()
  })

  test('that is given back is free at once, and its token goes on growing', async () => {
    const first = await leases().acquire('leader', lease('me'), NOW)
    await leases().release('leader', 'me')
    const second = await leases().acquire('leader', lease('other'), NOW)
    expect(second?.token).toBeGreaterThan(first?.token ?? Number.NaN)
    await leases().release('leader', 'me')
    expect(await leases().acquire('leader', lease('me'), NOW)).toBeUndefined()
    await leases().release('never taken', 'me')
  })

  test('goes to one of many who want it at once', async () => {
    const all = Array.from({ length: 20 }, (_, n) => leases().acquire('leader', lease(`holder ${n}`), NOW))
    expect((await Promise.all(all)).filter((held) => held !== undefined)).toHaveLength(1)
  })
}

function testInFlight(counts: () => InFlightStore): void {
  const enter = (holder: string, cap: number, now = NOW) => counts().enter(1, cap, lease(holder, now), now)

  test('lets in up to the cap over all holders, and again after one has left', async () => {
    expect([await enter('a', 3), await enter('b', 3), await enter('a', 3)]).toEqual([true, true, true])
    expect(await enter('b', 3)).toBe(false)
    await counts().leave(1, 'a')
    expect([await enter('b', 3), await enter('b', 3)]).toEqual([true, false])
    expect(await enter('b', 0)).toBe(false)
  })

  test('counts each account by itself', async () => {
    expect(await enter('a', 1)).toBe(true)
    expect(await counts().enter(2, 1, lease('a'), NOW)).toBe(true)
    expect(await counts().enter(2, 1, lease('a'), NOW)).toBe(false)
  })

  test('is exact when many come at once', async () => {
    const all = Array.from({ length: 40 }, (_, n) => enter(`holder ${n % 4}`, 7))
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(7)
  })

  test('lets leave more often than entered without counting below nothing', async () => {
    await counts().leave(1, 'a')
    await enter('a', 1)
    await counts().leave(1, 'a')
    await counts().leave(1, 'a')
    expect([await enter('a', 1), await enter('a', 1)]).toEqual([true, false])
  })

  test('forgets after its time what a holder held who beats no more', async () => {
    await enter('dead', 2)
    await enter('alive', 2)
    await counts().beat(lease('alive', NOW + 500), NOW + 500)
    expect(await enter('alive', 2, NOW + LEASE_MS - 1)).toBe(false)
    expect(await enter('alive', 2, NOW + LEASE_MS)).toBe(true)
    expect(await enter('alive', 2, NOW + LEASE_MS)).toBe(false)
  })

  test('counts a holder anew who comes back after its time', async () => {
    await enter('a', 2)
    await enter('a', 2)
    const later = NOW + LEASE_MS
    await counts().beat(lease('a', later), later)
    expect([await enter('a', 2, later), await enter('a', 2, later), await enter('a', 2, later)]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('survives the removal of what lapsed long ago', async () => {
    await enter('dead', 1)
    const later = NOW + 3_600_000
    await counts().beat(lease('alive', later), later)
    expect(await enter('alive', 1, later)).toBe(true)
  })
}
