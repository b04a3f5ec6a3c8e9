import { expect, test } from 'bun:test'
import { createEmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { addAccounts } from '../../src/accounts/add-accounts.ts'
import { openBox, openStores } from '../../src/cli/open-parts.ts'
import { parseStartup } from '../../src/config/startup.ts'
import { startCommand } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { onEveryStore, type StoreEnvironment } from '../harness/stores.ts'

/*
 * Several real processes on one port and one store: what must hold across them, as docs/decisions says.
 */

const REQUESTS = 2000
const ACCOUNTS = 10
const CAP = 4
const PARALLEL = 80

/** Two workers, started as an operator does, on an upstream of their own. */
async function startWorkers(storage: StoreEnvironment) {
  const upstream = startEmulator()
  const emulator = createEmulatorControl(upstream.url)
  const tokens = Array.from({ length: ACCOUNTS }, (_, index) => `token-${index}`)
  const fast = { total: 100_000, remaining: 100_000 }
  await emulator.setAccounts(tokens.map((token) => ({ token, tier: 'heavy', quotas: { fast } })))
  const port = freePort()
  const environment = {
    BUN_CONFIG_MAX_HTTP_REQUESTS: '4096',
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: String(port),
    SERVER_WORKERS: '2',
    LOG_LEVEL: 'ERROR',
    LOG_FILE_ENABLED: 'false',
    GROK_APP_API_KEY: 'sk-test',
    GROK_APP_APP_KEY: 'admin-test',
    GROK_ACCOUNT_SELECTION_MAX_INFLIGHT: String(CAP),
    GROK_UPSTREAM_BASE_URL: upstream.url,
    ...storage,
  }
  const startup = parseStartup(environment)
  const stores = await openStores(startup)
  const entries = tokens.map((credential) => ({ credential, tier: 'heavy' as const, tags: [] }))
  await addAccounts(stores.accounts, openBox(startup), entries, Date.now())
  await stores.close()
  const child = startCommand(['serve'], environment)
  const url = `http://127.0.0.1:${port}`
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(isReady, Boolean, 20_000)
  return {
    url,
    emulator,
    stop: async () => {
      child.kill('SIGTERM')
      const code = await child.exited
      await upstream.stop()
      return code
    },
  }
}

/** Asks until an account had room; a 429 says that all are full, which is what the cap is for. */
async function ask(url: string, prompt: string): Promise<string> {
  for (let tries = 0; tries < 2000; tries++) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ model: 'grok-4.20-fast', messages: [{ role: 'user', content: prompt }] }),
    })
    const text = await response.text()
    if (response.status === 200) return text
    expect(response.status).toBe(429)
    await Bun.sleep(5)
  }
  throw new Error('no account ever had room')
}

async function workersSeen(url: string): Promise<Set<number>> {
  const seen = new Set<number>()
  for (let n = 0; n < 40; n++) {
    const headers = { authorization: 'Bearer admin-test', connection: 'close' }
    const status: unknown = await (await fetch(`${url}/admin/api/status`, { headers })).json()
    seen.add((status as { worker: number }).worker)
  }
  return seen
}

onEveryStore('workers', ({ prepare }) => {
  test('two workers share the load, and no account ever has more than its cap', async () => {
    const workers = await startWorkers(await prepare())
    expect(
      (
        await eventually(
          () => workersSeen(workers.url),
          ({ size }) => size === 2,
          20_000,
        )
      ).size,
    ).toBe(2)
    await workers.emulator.setBehaviour({ paceMilliseconds: 2 })
    await workers.emulator.clearRequests()
    let left = REQUESTS
    const run = async (): Promise<void> => {
      while (left-- > 0) await ask(workers.url, '[[tokens:20]]')
    }
    await Promise.all(Array.from({ length: PARALLEL }, run))
    const { accounts, streams } = await workers.emulator.counters()
    expect(streams).toBe(REQUESTS)
    expect(
      Math.max(...Object.values(accounts).map(({ maxOpenStreams }) => maxOpenStreams)),
    ).toBeLessThanOrEqual(CAP)
    expect(await workers.stop()).toBe(0)
  }, 120_000)
})
