import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { NOW } from '../../core/account-for-tests.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import type { Stores } from '../contract.ts'
import { newAccountForTests } from '../stored-accounts-for-tests.ts'
import { describeServerSharing } from '../server-contract.ts'
import { describeStores } from '../stores-contract.ts'
import { createTestDatabase, poolForTests, testServers, type TestServer } from './servers-for-tests.ts'

for (const server of testServers) {
  if (server.url === undefined) {
    test.skip(`${server.name}: skipped, since ${server.variable} is not set (script/services start DIR)`, () => {})
  } else describe(server.name, () => describeServer(server, server.url ?? ''))
}

function describeServer(server: TestServer, serverUrl: string): void {
  let database: Awaited<ReturnType<typeof createTestDatabase>>
  beforeAll(async () => {
    database = await createTestDatabase(server, serverUrl)
    await (await open()).close()
  })
  afterAll(() => database.drop())
  const open = (): Promise<Stores> => server.open(database.url, poolForTests)
  const openEmpty = async (): Promise<Stores> => {
    await database.empty()
    return open()
  }

  describeStores(server.name, openEmpty)

  describe('the server', () => {
    describeServerSharing({ open, openEmpty })

    test('lets nobody wait longer for a connection than it is told to', async () => {
      const pool = { size: 1, maxOverflow: 0, timeoutSeconds: 1, recycleSeconds: 60 }
      const stores = await server.open(database.url, pool)
      const release = await server.hold(database.url, 'update counters set value = value')
      const blocked = stores.accounts.add([newAccountForTests('a')], NOW)
      await expect(stores.ping()).rejects.toThrow()
      await release()
      await blocked
      await stores.ping()
      await stores.close()
    })

    test('replaces connections that are too old, and goes on', async () => {
      const stores = await server.open(database.url, { ...poolForTests, recycleSeconds: 1 })
      const end = performance.now() + 1500
      while (performance.now() < end) await stores.ping()
      await Promise.all(Array.from({ length: 30 }, () => stores.ping()))
      await stores.close()
    })

    test('may cut all connections: after that it is used and listened to as before', async () => {
      const [one, other] = [await openEmpty(), await open()]
      let told = Promise.withResolvers<void>()
      await one.watch(() => told.resolve())
      await Promise.all([one, other].map((stores) => stores.ping()))
      await server.cut(database.url)
      for (const stores of [one, other]) {
        const pinged = () =>
          stores.ping().then(
            () => true,
            () => false,
          )
        await eventually(pinged, (isThere) => isThere)
      }
      if (server.name === 'PostgreSQL') await told.promise // something may have been missed
      told = Promise.withResolvers<void>()
      await other.accounts.add([newAccountForTests('a')], NOW)
      await told.promise
      await Promise.all([one.close(), other.close()])
    })

    test('that cannot be reached is named without the password', async () => {
      const url = new URL(serverUrl)
      url.password = 'very-secret'
      url.port = '1'
      const error: unknown = await server.open(url.href, poolForTests).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(Error)
      expect(Bun.inspect(error)).not.toContain('very-secret')
      expect(String(error)).toContain(`${url.hostname}:1`)
    })

    test('upgrades its schema once when several open it for the first time at once', async () => {
      const fresh = await createTestDatabase(server, serverUrl)
      const all = await Promise.all(Array.from({ length: 5 }, () => server.open(fresh.url, poolForTests)))
      await Promise.all(all.map((stores, n) => stores.accounts.add([newAccountForTests(n)], NOW)))
      expect(await all[0]?.accounts.count()).toBe(5)
      await Promise.all(all.map((stores) => stores.close()))
      await fresh.drop()
    })
  })
}
