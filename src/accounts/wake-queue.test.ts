import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests } from '../core/account-for-tests.ts'
import { createSlot, type Slot } from './slot.ts'
import { WakeQueue } from './wake-queue.ts'

const NEVER = Number.POSITIVE_INFINITY

function slotsForTests(count: number): Slot[] {
  return Array.from({ length: count }, (_, id) => createSlot(accountForTests({ id })))
}

/** Takes what is due from the queue and from a plain map, and expects the same. */
function expectSameDue(queue: WakeQueue, model: Map<Slot, number>, now: number): void {
  const due = [...model].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b)
  const taken = new Set<Slot>()
  for (const [, at] of due) {
    const slot = queue.takeDue(now)
    if (!slot) throw new Error('a slot is due')
    expect(model.get(slot)).toBe(at)
    taken.add(slot)
    model.delete(slot)
  }
  expect(taken.size).toBe(due.length)
  expect(queue.takeDue(now)).toBeUndefined()
}

describe('a wake queue', () => {
  test('gives every slot once, at its last planned time, earliest first', () => {
    const at = fc.oneof(fc.nat(40), fc.constant(NEVER))
    const step = fc.oneof(fc.record({ slot: fc.nat(7), at }), fc.record({ now: fc.nat(40) }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const slots = slotsForTests(8)
        const queue = new WakeQueue()
        const model = new Map<Slot, number>()
        for (const step of steps) {
          if ('now' in step) expectSameDue(queue, model, step.now)
          else {
            const slot = slots[step.slot]
            if (!slot) continue
            queue.plan(slot, step.at)
            if (step.at === NEVER) model.delete(slot)
            else model.set(slot, step.at)
          }
        }
        expectSameDue(queue, model, 1000)
      }),
      { numRuns: 300 },
    )
  })

  test('stays right when thousands of plans change again and again', () => {
    const slots = slotsForTests(3000)
    const queue = new WakeQueue()
    const model = new Map<Slot, number>()
    for (let n = 0; n < 30_000; n++) {
      const slot = slots[(n * 7919) % slots.length]
      if (!slot) continue
      const at = (n * 104_729) % 5000
      queue.plan(slot, at)
      model.set(slot, at)
      if (n % 5000 === 0) expectSameDue(queue, model, 500)
    }
    expectSameDue(queue, model, 5000)
  })

  test('stays cheap when a slot is planned for the same time over and over', () => {
    let reads = 0
    const slot = createSlot(accountForTests())
    const counted = new Proxy(slot, {
      get: (target, key) => {
        if (key === 'wakeAt') reads++
        return Reflect.get(target, key)
      },
    })
    const queue = new WakeQueue()
    queue.plan(counted, 1)
    for (let n = 0; n < 20_000; n++) {
      queue.plan(counted, 1000)
      queue.plan(counted, NEVER)
    }
    expect(reads).toBeLessThan(20_000 * 10)
  })

  test('is empty at first', () => {
    const queue = new WakeQueue()
    expect(queue.takeDue(Number.MAX_SAFE_INTEGER)).toBeUndefined()
  })
})
