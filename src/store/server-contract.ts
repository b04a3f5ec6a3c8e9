import { expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import type { Stores } from './contract.ts'
import { newAccountForTests, newAccountsForTests, readAll } from './stored-accounts-for-tests.ts'

/** How a database of a server is opened by one process more, or emptied first. */
export interface ServerDatabase {
  readonly open: () => Promise<Stores>
  readonly openEmpty: () => Promise<Stores>
}

/** The promises of a store that stands on a server: it outlives its processes, and tells them of one another's changes. */
export function describeServerSharing({ open, openEmpty }: ServerDatabase): void {
  test('has its data when it is opened again', async () => {
    const first = await openEmpty()
    await first.accounts.add(newAccountsForTests(3), NOW)
    const before = await readAll(first.accounts)
    await first.close()
    const second = await open()
    expect(await readAll(second.accounts)).toEqual(before)
    await second.close()
  })

  test('tells of the changes of others, and not of our own', async () => {
    const [one, other] = [await openEmpty(), await open()]
    const told: string[] = []
    const waiting = Promise.withResolvers<void>()
    await one.watch(() => {
      told.push('one')
      waiting.resolve()
    })
    await other.watch(() => told.push('other'))
    await other.accounts.add([newAccountForTests('a')], NOW)
    await waiting.promise
    expect(told).toEqual(['one'])
    await Promise.all([one.close(), other.close()])
  })

  test('tells of settings that others have saved', async () => {
    const [one, other] = [await openEmpty(), await open()]
    const told = Promise.withResolvers<void>()
    const stop = await one.watch(() => told.resolve())
    await other.settings.save({ a: 1 }, (await other.settings.load()).version)
    await told.promise
    await stop()
    await Promise.all([one.close(), other.close()])
  })
}
