import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests, NOW } from '../core/account-for-tests.ts'
import { choose, type ChooseOptions } from './choose.ts'
import type { Strategy } from './eligibility.ts'
import { ReadySet } from './ready-set.ts'
import { createSlot, modeIndex, type Slot } from './slot.ts'

/** A ready set that counts how many slots were looked at. */
class CountingSet extends ReadySet {
  looks = 0

  override at(position: number): Slot {
    this.looks++
    return super.at(position)
  }
}

function readyWith(count: number, change: (slot: Slot) => void = () => undefined): CountingSet {
  const ready = new CountingSet(modeIndex('fast'))
  for (let id = 1; id <= count; id++) {
    const slot = createSlot(accountForTests({ id }))
    change(slot)
    ready.add(slot)
  }
  return ready
}

function options(strategy: Strategy, changes: Partial<ChooseOptions> = {}): ChooseOptions {
  const rules = { strategy, maxInFlight: 8 }
  return { mode: 'fast', rules, exclude: new Set(), now: NOW, random: () => 0, ...changes }
}

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const strategy = fc.constantFrom<Strategy>('quota', 'random')

describe('choosing an account', () => {
  test('never gives an excluded one, and always one that is not, while there is one', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 20 }))
    fc.assert(
      fc.property(strategy, fc.nat(20), ids, random, (strategy, count, excluded, random) => {
        const exclude = new Set(excluded)
        const chosen = choose(readyWith(count), options(strategy, { exclude, random: () => random }))
        const others = Array.from({ length: count }, (_, n) => n + 1).filter((id) => !exclude.has(id))
        if (others.length === 0) expect(chosen).toBeUndefined()
        else expect(others).toContain(chosen?.account.id ?? 0)
      }),
    )
  })

  test.each([
    ['quota', 4],
    ['random', 1],
  ] as const)(
    'by %s looks at %p slots and the excluded ones at most, whatever the size',
    (strategy, most) => {
      for (const excluded of [0, 3, 50]) {
        const ready = readyWith(20_000)
        const exclude = new Set(Array.from({ length: excluded }, (_, n) => n + 1))
        choose(ready, options(strategy, { exclude }))
        expect(ready.looks).toBeLessThanOrEqual(most + excluded)
      }
    },
  )

  test('by quota takes the best of those that it looks at', () => {
    const ready = readyWith(4, (slot) => {
      slot.account = { ...slot.account, health: slot.account.id === 3 ? 0.9 : 0.5 }
    })
    for (const start of [0, 0.3, 0.6, 0.9]) {
      expect(choose(ready, options('quota', { random: () => start }))?.account.id).toBe(3)
    }
  })

  test('by quota spreads requests at once over equal accounts', () => {
    const ready = readyWith(4)
    const counts = new Map<number, number>()
    for (let n = 0; n < 8; n++) {
      const slot = choose(ready, options('quota'))
      if (!slot) throw new Error('four accounts are ready')
      slot.inFlight++
      counts.set(slot.account.id, (counts.get(slot.account.id) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual([2, 2, 2, 2])
  })

  test('by chance takes every account about as often as any other', () => {
    const ready = readyWith(10, (slot) => {
      slot.account = { ...slot.account, health: slot.account.id / 10 }
    })
    const counts = new Map<number, number>()
    const rounds = 10_000
    for (let n = 0; n < rounds; n++) {
      const chosen = choose(ready, options('random', { random: () => (n * 0.618_033_988_75) % 1 }))
      const id = chosen?.account.id ?? 0
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    expect(counts.size).toBe(10)
    for (const count of counts.values()) expect(count).toBeWithin(900, 1100)
  })

  test.each(['quota', 'random'] as const)('by %s out of nothing gives nothing', (strategy) => {
    expect(choose(readyWith(0), options(strategy))).toBeUndefined()
  })
})
