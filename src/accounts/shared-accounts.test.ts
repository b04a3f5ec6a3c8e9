import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import type { AccountStore } from '../store/contract.ts'
import { createMemoryAccountStore } from '../store/memory.ts'
import { changeForTests, newAccountForTests, readOne } from '../store/stored-accounts-for-tests.ts'
import { DirectoryForTests, failureForTests } from './directory-for-tests.ts'
import { AccountSync } from './sync.ts'
import { WriteBehind } from './write-behind.ts'

const { signal } = new AbortController()

/** What one process has: a directory that reads from and writes to the store that all share. */
class Process {
  readonly test = new DirectoryForTests([])
  readonly #sync: AccountSync
  readonly #writes: WriteBehind

  constructor(store: AccountStore) {
    this.#sync = new AccountSync(store, this.test.directory)
    this.#writes = new WriteBehind(
      (changes) => store.save(changes, NOW),
      (slot, outcome) => this.test.directory.endWrite(slot, outcome),
    )
  }

  read(): Promise<number> {
    return this.#sync.read(signal)
  }

  async write(): Promise<void> {
    for (const slot of this.test.changed.splice(0)) this.#writes.add(slot)
    await this.#writes.flush()
  }

  /** Serves a request; false if no account can take it. */
  use(outcome: 'success' | 'failure' = 'success'): boolean {
    const taken = this.test.reserve()
    if (!taken) return false
    this.test.settle(taken, outcome === 'success' ? { type: 'success' } : failureForTests('rate_limited'))
    return true
  }
}

const TOTAL = 1000

async function open(change: (store: AccountStore) => Partial<AccountStore> = () => ({})) {
  const memory = createMemoryAccountStore()
  const store = { ...memory, ...change(memory) }
  const fast = windowForTests(TOTAL, { total: TOTAL })
  await memory.add([newAccountForTests('shared', { quota: { fast } })], NOW)
  const processes = [new Process(store), new Process(store)] as const
  for (const process of processes) await process.read()
  const stored = (): Promise<Account> => readOne(memory, 1)
  return { store, memory, processes, stored }
}

function summarise({ successCount, quota }: Account) {
  return { successCount, remaining: quota.fast?.remaining }
}

describe('two processes on one store', () => {
  test('end with the sums of what both have spent and counted', async () => {
    const { processes, stored } = await open()
    const [one, other] = processes
    for (let n = 0; n < 3; n++) one.use()
    for (let n = 0; n < 4; n++) other.use()
    await one.write()
    await other.write()
    await one.read()
    const expected = { successCount: 7, remaining: TOTAL - 7 }
    expect(summarise(await stored())).toEqual(expected)
    for (const { test } of processes) expect(summarise(test.account(1))).toEqual(expected)
  })

  test('see the spends of one another while they have unwritten ones, and one in flight', async () => {
    const { processes } = await open()
    const [one, other] = processes
    other.use()
    other.test.reserve()
    for (let n = 0; n < 3; n++) one.use()
    await one.write()
    await other.read()
    expect(summarise(other.test.account(1))).toEqual({ successCount: 4, remaining: TOTAL - 5 })
  })

  test('see a mode that cools at one, and do not lose it by writing', async () => {
    const { processes, stored } = await open()
    const [one, other] = processes
    other.use()
    one.use('failure')
    await one.write()
    await other.write()
    expect(other.use()).toBe(false)
    expect(await stored()).toMatchObject({ successCount: 1, failureCount: 1 })
    expect((await stored()).modeCooldowns.fast).toBeDefined()
  })

  test('count a use once although its row is read before the write that made it has come back', async () => {
    const stored = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const { memory, processes } = await open((memory) => ({
      save: async (...change) => {
        const rows = await memory.save(...change)
        stored.resolve()
        await answered.promise
        return rows
      },
    }))
    const [one] = processes
    one.use()
    const written = one.write()
    await stored.promise
    await one.read()
    await memory.save([changeForTests(await readOne(memory, 1), { label: 'theirs' })], NOW)
    await one.read()
    one.use()
    answered.resolve()
    await written
    expect(one.test.account(1)).toMatchObject({ label: 'theirs', successCount: 2 })
    expect(summarise(one.test.account(1)).remaining).toBe(TOTAL - 2)
  })

  test('keep what is new of the other when a write fails', async () => {
    let isDown = true
    const { memory, processes, stored } = await open((memory) => ({
      save: async (...change) => {
        if (isDown) throw new Error('the connection is lost')
        return memory.save(...change)
      },
    }))
    const [one] = processes
    one.use()
    const written = one.write()
    await memory.save([changeForTests(await stored(), { label: 'theirs' })], NOW)
    await one.read()
    await expect(written).rejects.toThrow('the connection is lost')
    isDown = false
    await one.write()
    expect(await stored()).toMatchObject({ label: 'theirs', successCount: 1 })
    expect(one.test.account(1)).toEqual(await stored())
  })

  test('forget an account that the other has deleted, whatever is unwritten', async () => {
    const { memory, processes, stored } = await open()
    const [one] = processes
    const cause = { code: 'operator', evidence: 'removed', at: NOW } as const
    one.use()
    await memory.save([changeForTests(await stored(), { state: { status: 'deleted', cause } })], NOW)
    await one.write()
    await one.read()
    expect(one.test.directory.find(1)).toBeUndefined()
    expect(await stored()).toMatchObject({ successCount: 0, state: { status: 'deleted' } })
  })

  test('agree with the store and the sums after any order of uses, reads and writes', async () => {
    const step = fc.tuple(fc.nat(1), fc.constantFrom('use', 'use', 'use', 'read', 'write'))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { processes, stored } = await open()
        let uses = 0
        for (const [index, name] of steps) {
          const process = processes[index]
          if (name === 'use' && process?.use()) uses++
          if (name === 'read') await process?.read()
          if (name === 'write') await process?.write()
        }
        for (const process of processes) await process.write()
        for (const process of processes) await process.read()
        expect(summarise(await stored())).toEqual({ successCount: uses, remaining: TOTAL - uses })
        for (const { test } of processes) expect(test.account(1)).toEqual(await stored())
      }),
    )
  })
})
