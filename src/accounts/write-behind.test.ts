import { describe, expect, test } from 'bun:test'
import { accountForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import type { AccountChange } from '../core/merge-account.ts'
import { DirectoryForTests, failureForTests } from './directory-for-tests.ts'
import type { Slot } from './slot.ts'
import { WriteBehind } from './write-behind.ts'

/** A store that remembers what was saved, and waits or fails when it is told to. */
class FakeStore {
  readonly saves: (readonly AccountChange[])[] = []
  failure: Error | undefined
  gate: Promise<unknown> = Promise.resolve()
  /** Ids that are deleted. */
  readonly gone = new Set<number>()
  #revision = 100

  readonly save = async (changes: readonly AccountChange[]): Promise<readonly Account[]> => {
    this.saves.push(changes)
    await this.gate
    if (this.failure) throw this.failure
    const revision = ++this.#revision
    return changes.flatMap(({ next }) => (this.gone.has(next.id) ? [] : { ...next, revision }))
  }

  /** What was sent, call by call. */
  get sent(): (readonly Account[])[] {
    return this.saves.map((changes) => changes.map(({ next }) => next))
  }
}

function open(count = 1) {
  const store = new FakeStore()
  const accounts = Array.from({ length: count }, (_, n) => accountForTests({ id: n + 1 }))
  const test = new DirectoryForTests(accounts)
  const writes = new WriteBehind(store.save, (slot, outcome) => test.directory.endWrite(slot, outcome))
  /** Counts one more success of an account. */
  const change = (id = 1): Slot => {
    test.directory.change(id, (account) => ({ ...account, successCount: account.successCount + 1 }))
    const slot = test.changed.at(-1)
    if (!slot) throw new Error('the directory tells of changes')
    writes.add(slot)
    return slot
  }
  const changeAll = (): Slot[] => accounts.map(({ id }) => change(id))
  return { store, writes, test, change, changeAll }
}

describe('writing what use has changed', () => {
  test('takes an account once, as it is then, however often it changed', async () => {
    const { store, writes, change } = open()
    const [slot] = Array.from({ length: 10 }, () => change())
    expect(writes.waiting).toBe(1)
    await writes.flush()
    expect(store.saves).toMatchObject([[{ base: { successCount: 0 }, next: { id: 1, successCount: 10 } }]])
    expect(writes.waiting).toBe(0)
    expect(slot).toMatchObject({ dirty: false, account: { revision: 101 }, base: { successCount: 10 } })
  })

  test('asks nothing of the store when nothing waits', async () => {
    const { store, writes, change } = open()
    await writes.flush()
    change()
    await writes.flush()
    await writes.flush()
    expect(store.saves).toHaveLength(1)
  })

  test("lets mere uses wait while the rest of an account's changes go", async () => {
    const { store, writes, test } = open(2)
    for (const [id, kind] of [
      [1, 'use'],
      [2, 'condition'],
    ] as const) {
      test.directory.change(id, (account) => ({ ...account, successCount: 1 }))
      for (const slot of test.changed.splice(0)) writes.add(slot, kind)
    }
    await writes.flushPressing()
    expect(store.sent.map((accounts) => accounts.map(({ id }) => id))).toEqual([[2]])
    expect(writes.waiting).toBe(1)
    await writes.flushPressing()
    expect(store.saves).toHaveLength(1)
    await writes.flush()
    expect(store.sent.map((accounts) => accounts.map(({ id }) => id))).toEqual([[2], [1]])
    expect(writes.waiting).toBe(0)
  })

  test('goes in batches of 500', async () => {
    const { store, writes, changeAll } = open(1201)
    changeAll()
    await writes.flush()
    expect(store.sent.map((accounts) => accounts.length)).toEqual([500, 500, 201])
    expect(new Set(store.sent.flat().map(({ id }) => id)).size).toBe(1201)
  })

  test('keeps everything when the store fails, tells the caller, and writes it the next time', async () => {
    const { store, writes, changeAll } = open(3)
    const slots = changeAll()
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
    const { store, writes, change } = open()
    const gate = Promise.withResolvers<undefined>()
    store.gate = gate.promise
    const slot = change()
    const flushed = writes.flush()
    await Promise.resolve()
    change()
    gate.resolve(undefined)
    await flushed
    expect(slot.dirty).toBe(true)
    expect(writes.waiting).toBe(1)
    await writes.flush()
    expect(store.sent).toMatchObject([[{ successCount: 1 }], [{ successCount: 2 }]])
    expect(slot).toMatchObject({ dirty: false, account: { revision: 102 } })
  })

  test('never runs twice at once, and the later flush takes what the earlier one had not seen', async () => {
    const { store, writes, change } = open(2)
    const gate = Promise.withResolvers<undefined>()
    store.gate = gate.promise
    change(1)
    const early = writes.flush()
    await Promise.resolve()
    change(2)
    const late = writes.flush()
    await Promise.resolve()
    expect(store.saves).toHaveLength(1)
    gate.resolve(undefined)
    await Promise.all([early, late])
    expect(store.sent.map((accounts) => accounts.map(({ id }) => id))).toEqual([[1], [2]])
  })

  test('forgets what the store has deleted meanwhile', async () => {
    const { store, writes, change } = open()
    store.gone.add(1)
    expect(change().dirty).toBe(true)
    await writes.flush()
    expect(writes.waiting).toBe(0)
  })

  test('writes the deletion of an account, although the directory has it no more', async () => {
    const { store, writes, test } = open()
    const cause = { code: 'operator', evidence: 'removed', at: 0 } as const
    test.directory.change(1, (account) => ({ ...account, state: { status: 'deleted', cause } }))
    for (const slot of test.changed) writes.add(slot)
    await writes.flush()
    expect(store.sent).toMatchObject([[{ state: { status: 'deleted' } }]])
    expect(writes.waiting).toBe(0)
    expect(test.directory.find(1)).toBeUndefined()
  })
})

test('a use that changes counts only is told apart from one that changes what the account can do', () => {
  const test = new DirectoryForTests([accountForTests({ id: 1 })])
  for (const outcome of [{ type: 'success' }, failureForTests('rate_limited')] as const) {
    const taken = test.reserve()
    if (taken) test.settle(taken, outcome)
  }
  expect(test.kinds).toEqual(['use', 'condition'])
})
