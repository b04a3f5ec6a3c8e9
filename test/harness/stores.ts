import { afterAll, describe, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeServers } from '../../src/store/servers-for-tests.ts'

/** What a gateway needs in its environment to use a store. */
export type StoreEnvironment = Readonly<Record<string, string>>

/** A kind of store to run a suite on. */
export interface TestStore {
  readonly name: string
  /** Makes a store that nobody else uses, and a data folder; both are gone after the suite. */
  readonly prepare: () => Promise<StoreEnvironment>
}

/** Runs a suite on every kind of store there is a server for; those without one are said to be skipped. */
export function onEveryStore(what: string, suite: (store: TestStore) => void): void {
  const sqlite = { name: 'SQLite', prepare: async () => ({}) }
  describeOne(what, sqlite, suite)
  for (const server of storeServers) {
    const { name, url } = server
    if (url === undefined) {
      test.skip(`${what} on ${name}: skipped, since ${server.variable} is not set`, () => {})
      continue
    }
    const drops: (() => Promise<void>)[] = []
    afterAll(async () => {
      for (const drop of drops) await drop()
    })
    const prepare = async (): Promise<StoreEnvironment> => {
      const database = await server.create(url)
      drops.push(() => database.drop())
      return server.environment(database.url)
    }
    describeOne(what, { name, prepare }, suite)
  }
}

function describeOne(what: string, { name, prepare }: TestStore, suite: (store: TestStore) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'grok2api-stores-'))
  describe(`${what} on ${name}`, () => {
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    suite({
      name,
      prepare: async () => ({ DATA_DIR: mkdtempSync(join(folder, 'data-')), ...(await prepare()) }),
    })
  })
}
