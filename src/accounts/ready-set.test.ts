import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests } from '../core/account-for-tests.ts'
import { ReadySet } from './ready-set.ts'
import { createSlot, modeIndex } from './slot.ts'

const slots = Array.from({ length: 12 }, (_, id) => createSlot(accountForTests({ id })))

function contents(ready: ReadySet): number[] {
  const ids = Array.from({ length: ready.size }, (_, position) => ready.at(position).account.id)
  return ids.sort((a, b) => a - b)
}

describe('a ready set', () => {
  test('holds exactly what was added and not removed, whatever the order', () => {
    const step = fc.record({ add: fc.boolean(), id: fc.nat(slots.length - 1) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ready = new ReadySet(modeIndex('fast'))
        const model = new Set<number>()
        for (const { add, id } of steps) {
          const slot = slots[id]
          if (!slot) continue
          if (add) ready.add(slot)
          else ready.remove(slot)
          if (add) model.add(id)
          else model.delete(id)
          expect(contents(ready)).toEqual([...model].sort((a, b) => a - b))
        }
        for (const slot of slots) ready.remove(slot)
        expect(ready.size).toBe(0)
      }),
    )
  })

  test('of one mode knows nothing of the set of another', () => {
    const slot = createSlot(accountForTests())
    const [fast, auto] = [new ReadySet(modeIndex('fast')), new ReadySet(modeIndex('auto'))]
    fast.add(slot)
    auto.remove(slot)
    expect([fast.size, auto.size]).toEqual([1, 0])
  })

  test.each([-1, 1, 0.5])('has nothing at position %p of one', (position) => {
    const ready = new ReadySet(modeIndex('fast'))
    ready.add(createSlot(accountForTests()))
    expect(() => ready.at(position)).toThrow(RangeError)
  })
})
