import { describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import {
  changeForTests,
  newAccountForTests,
  newAccountsForTests,
  readAll,
} from '../store/stored-accounts-for-tests.ts'
import type { AccountStore } from '../store/contract.ts'
import { createMemoryAccountStore } from '../store/memory.ts'
import { DirectoryForTests } from './directory-for-tests.ts'
import { AccountSync } from './sync.ts'

const { signal } = new AbortController()
const pace = { idleSeconds: 30, activeSeconds: 3 }

function open(change: (store: AccountStore) => Partial<AccountStore> = () => ({})) {
  const stored = createMemoryAccountStore()
  const store: AccountStore = { ...stored, ...change(stored) }
  const test = new DirectoryForTests([])
  return { store, test, sync: new AccountSync(store, test.directory) }
}

describe('reading what the store has', () => {
  test('brings all of 12,000 accounts that were added in one call into the directory', async () => {
    const { store, test, sync } = open()
    await store.add(newAccountsForTests(12_000), NOW)
    expect(await sync.read(signal)).toBe(12_000)
    expect(test.directory.stats).toMatchObject({ accounts: 12_000, usable: 12_000 })
    const reached = new Set(test.reserveAll().map(({ slot }) => slot.account.id))
    expect(reached.size).toBe(12_000)
  })

  test('reads each row once, and then only what changed', async () => {
    const { store, test, sync } = open()
    await store.add(newAccountsForTests(3), NOW)
    expect(await sync.read(signal)).toBe(3)
    expect(await sync.read(signal)).toBe(0)
    const [first] = await readAll(store)
    if (first) await store.save([changeForTests(first, { tags: ['changed'] })], NOW)
    expect(await sync.read(signal)).toBe(1)
    expect(test.account(first?.id ?? 0).tags).toEqual(['changed'])
  })

  test('drops accounts that were deleted, and takes back those that were added again', async () => {
    const { store, test, sync } = open()
    await store.add([newAccountForTests('a')], NOW)
    await sync.read(signal)
    const [account] = await readAll(store)
    const cause = { code: 'operator', evidence: '', at: NOW } as const
    if (account) await store.save([changeForTests(account, { state: { status: 'deleted', cause } })], NOW)
    await sync.read(signal)
    expect(test.directory.stats.accounts).toBe(0)
    await store.add([newAccountForTests('a')], NOW)
    await sync.read(signal)
    expect(test.reserve()).toBeDefined()
  })

  test('goes on after the last page that it had when the store fails', async () => {
    let reads = 0
    const { store, test, sync } = open((stored) => ({
      changesSince: async (...position) => {
        reads++
        if (reads === 2) throw new Error('the connection is lost')
        return stored.changesSince(...position)
      },
    }))
    await store.add(newAccountsForTests(7000), NOW)
    await expect(sync.read(signal)).rejects.toThrow('the connection is lost')
    expect(test.directory.stats.accounts).toBe(5000)
    expect(await sync.read(signal)).toBe(2000)
  })

  test('stops between two pages when it is told to', async () => {
    const abort = new AbortController()
    const { store, sync } = open((stored) => ({
      changesSince: async (...position) => {
        abort.abort()
        return stored.changesSince(...position)
      },
    }))
    await store.add(newAccountsForTests(12_000), NOW)
    expect(await sync.read(abort.signal)).toBe(5000)
  })
})

describe('reading at once', () => {
  test('runs one after the other, and all who ask during one share the next', async () => {
    let running = 0
    let reads = 0
    const { store, sync } = open((stored) => ({
      changesSince: async (...position) => {
        reads++
        expect(++running).toBe(1)
        const page = await stored.changesSince(...position)
        running--
        return page
      },
    }))
    await store.add([newAccountForTests('a')], NOW)
    const first = sync.read(signal)
    await Promise.resolve()
    await Promise.resolve()
    const others = Array.from({ length: 50 }, () => sync.read(signal))
    expect(await Promise.all([first, ...others])).toEqual([1, ...others.map(() => 0)])
    expect(reads).toBe(3)
  })
})

describe('the pace', () => {
  test('is idle at first, active while changes arrive and five reads longer, then idle again', async () => {
    const { store, sync } = open()
    expect(sync.pauseSeconds(pace)).toBe(30)
    await store.add([newAccountForTests('a')], NOW)
    const pauses: number[] = []
    for (let n = 0; n < 7; n++) {
      await sync.read(signal)
      pauses.push(sync.pauseSeconds(pace))
    }
    expect(pauses).toEqual([3, 3, 3, 3, 3, 30, 30])
    await store.add([newAccountForTests('b')], NOW)
    await sync.read(signal)
    expect(sync.pauseSeconds(pace)).toBe(3)
  })
})
