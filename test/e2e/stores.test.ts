import { expect, test } from 'bun:test'
import { openStores } from '../../src/cli/open-parts.ts'
import { parseStartup } from '../../src/config/startup.ts'
import type { Account } from '../../src/core/account.ts'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { onEveryStore, type StoreEnvironment } from '../harness/stores.ts'

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
async function saveSetting(environment: StoreEnvironment, values: Record<string, unknown>): Promise<void> {
  const stores = await openStores(parseStartup(environment))
  const document = await stores.settings.load()
  await stores.settings.save({ ...document.values, ...values }, document.version)
  await stores.close()
}

onEveryStore('a gateway', ({ prepare }) => {
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
})
