import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStores } from '../../src/cli/open-parts.ts'
import { parseStartup } from '../../src/config/startup.ts'
import type { Account } from '../../src/core/account.ts'
import { storeServers } from '../../src/store/servers-for-tests.ts'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

type Environment = Readonly<Record<string, string>>

const folder = mkdtempSync(join(tmpdir(), 'grok2api-stores-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a gateway on SQLite', () => {
  testGateway(async () => ({ DATA_DIR: mkdtempSync(join(folder, 'local-')) }))
})
for (const server of storeServers) {
  const { name, url } = server
  if (url === undefined) {
    test.skip(`a gateway on ${name}: skipped, since ${server.variable} is not set`, () => {})
    continue
  }
  const drops: (() => Promise<void>)[] = []
  describe(`a gateway on ${name}`, () => {
    afterAll(async () => {
      for (const drop of drops) await drop()
    })
    testGateway(async () => {
      const database = await server.create(url)
      drops.push(() => database.drop())
      const DATA_DIR = mkdtempSync(join(folder, 'server-'))
      return { DATA_DIR, ...server.environment(database.url) }
    })
  })
}

const question = { model: 'grok-4.20-fast', messages: [{ role: 'user' as const, content: '[[T2]]' }] }

async function streamOne({ openai }: TestGateway): Promise<string> {
  const stream = await openai.chat.completions.create({ ...question, stream: true })
  const frames = await Array.fromAsync(stream)
  expect(frames.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  return JSON.stringify(frames)
}

function successes(accounts: readonly Account[]): number {
  return accounts.reduce((sum, { successCount }) => sum + successCount, 0)
}

/** Changes a setting as another process would. */
async function saveSetting(environment: Environment, values: Record<string, unknown>): Promise<void> {
  const stores = await openStores(parseStartup(environment))
  const document = await stores.settings.load()
  await stores.settings.save({ ...document.values, ...values }, document.version)
  await stores.close()
}

function testGateway(prepare: () => Promise<Environment>): void {
  test('streams, and finds what it has counted after a restart', async () => {
    const environment = await prepare()
    const first = await startGateway({ environment })
    await streamOne(first)
    expect(successes(await first.stopAndReadAccounts())).toBe(1)
    await first.stop()

    const second = await startGateway({ environment })
    await streamOne(second)
    const accounts = await second.stopAndReadAccounts()
    expect(successes(accounts)).toBe(2)
    const spent = accounts.map(({ quota }) => (quota.fast ? quota.fast.total - quota.fast.remaining : 0))
    expect(spent.reduce((sum, queries) => sum + queries)).toBe(2)
    await second.stop()
  })

  test('takes over a setting that is changed in the store', async () => {
    const environment = await prepare()
    const gateway = await startGateway({ environment })
    expect(await streamOne(gateway)).toContain('reasoning_content')
    await saveSetting(environment, { features: { thinking: false } })
    await eventually(
      () => streamOne(gateway),
      (frames) => !frames.includes('reasoning_content'),
    )
    await gateway.stop()
  })
}
