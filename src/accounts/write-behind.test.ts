import { describe, expect, test } from 'bun:test'
import { accountForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { createSlot, type Slot } from './slot.ts'
import { WriteBehind } from './write-behind.ts'

/** A store that remembers what was saved, and waits or fails when it is told to. */
class FakeStore {
  readonly saves: (readonly Account[])[] = []
  failure: Error | undefined
  gate: Promise<unknown> = Promise.resolve()
  #revision = 100

  readonly save = async (accounts: readonly Account[]): Promise<number> => {
    this.saves.push(accounts)
    await this.gate
    if (this.failure) throw this.failure
    return ++this.#revision
  }
}

function change(writes: WriteBehind, slot: Slot): void {
  slot.account = { ...slot.account, successCount: slot.account.successCount + 1 }
  slot.dirty = true
  writes.add(slot)
}

function open(count = 1) {
  const store = new FakeStore()
  const writes = new WriteBehind(store.save)
  const slots = Array.from({ length: count }, (_, n) => createSlot(accountForTests({ id: n + 1 })))
  const [slot = createSlot(accountForTests())] = slots
  return { store, writes, slots, slot }
}

describe('writing what use has changed', () => {
  test('takes an account once, as it is then, however often it changed', async () => {
    const { store, writes, slot } = open()
    for (let n = 0; n < 10; n++) change(writes, slot)
    expect(writes.waiting).toBe(1)
    await writes.flush()
    expect(store.saves).toMatchObject([[{ id: 1, successCount: 10 }]])
    expect(writes.waiting).toBe(0)
    expect(slot).toMatchObject({ dirty: false, account: { revision: 101 } })
  })

  test('asks nothing of the store when nothing waits', async () => {
    const { store, writes, slot } = open()
    await writes.flush()
    change(writes, slot)
    await writes.flush()
    await writes.flush()
    expect(store.saves).toHaveLength(1)
  })

  test('goes in batches of 500', async () => {
    const { store, writes, slots } = open(1201)
    for (const slot of slots) change(writes, slot)
    await writes.flush()
    expect(store.saves.map((accounts) => accounts.length)).toEqual([500, 500, 201])
    expect(new Set(store.saves.flat().map(({ id }) => id)).size).toBe(1201)
  })

  test('keeps everything when the store fails, tells the caller, and writes it the next time', async () => {
    const { store, writes, slots } = open(3)
    for (const slot of slots) change(writes, slot)
    store.failure = new Error('the disk is full')
    await expect(writes.flush()).rejects.toThrow('the disk is full')
    expect(writes.waiting).toBe(3)
    expect(slots.every((slot) => slot.dirty)).toBe(true)
    store.failure = undefined
    await writes.flush()
    expect(writes.waiting).toBe(0)
    expect(store.saves.at(-1)).toHaveLength(3)
  })

  test('writes again what changed while it was written', async () => {
    const { store, writes, slot } = open()
    const gate = Promise.withResolvers<undefined>()
    store.gate = gate.promise
    change(writes, slot)
    const flushed = writes.flush()
    await Promise.resolve()
    change(writes, slot)
    gate.resolve(undefined)
    await flushed
    expect(slot.dirty).toBe(true)
    expect(writes.waiting).toBe(1)
    await writes.flush()
    expect(store.saves).toMatchObject([[{ successCount: 1 }], [{ successCount: 2 }]])
    expect(slot).toMatchObject({ dirty: false, account: { revision: 102 } })
  })

  test('never runs twice at once, and the later flush takes what the earlier one had not seen', async () => {
    const { store, writes, slots } = open(2)
    const [first, second] = slots
    if (!first || !second) throw new Error('two slots were made')
    const gate = Promise.withResolvers<undefined>()
    store.gate = gate.promise
    change(writes, first)
    const early = writes.flush()
    await Promise.resolve()
    change(writes, second)
    const late = writes.flush()
    await Promise.resolve()
    expect(store.saves).toHaveLength(1)
    gate.resolve(undefined)
    await Promise.all([early, late])
    expect(store.saves.map((accounts) => accounts.map(({ id }) => id))).toEqual([[1], [2]])
  })
})
