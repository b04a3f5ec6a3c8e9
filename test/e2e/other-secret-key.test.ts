import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator, type Emulator } from '../../emulator/server.ts'
import { openStores } from '../../src/cli/open-parts.ts'
import { serve } from '../../src/cli/serve.ts'
import { parseStartup } from '../../src/config/startup.ts'
import type { Account } from '../../src/core/account.ts'
import { FIRST_CURSOR, type AccountStore } from '../../src/store/contract.ts'
import { storeAccounts } from '../harness/gateway.ts'

const RIGHT = 'the right key of this test'
const OTHER = 'some other key of this test'

let upstream: Emulator
let variables: Record<string, string>

beforeEach(async () => {
  upstream = startEmulator()
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-key-'))
  variables = {
    DATA_DIR: dataDir,
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: '0',
    LOG_LEVEL: 'ERROR',
    LOG_DIR: join(dataDir, 'logs'),
    GROK2API_SECRET_KEY: RIGHT,
    GROK_APP_API_KEY: 'sk-test',
    GROK_APP_APP_KEY: 'admin-test',
    GROK_UPSTREAM_BASE_URL: upstream.url,
    GROK_UPSTREAM_CHAT_PROTOCOL: 'rest',
  }
  const accounts = [
    { token: 'token-one', tier: 'basic' },
    { token: 'token-two', tier: 'basic' },
  ] as const
  await createEmulatorControl(upstream.url).setAccounts(accounts)
  await storeAccounts(variables, accounts)
})

afterEach(async () => {
  await upstream.stop()
  await rm(variables['DATA_DIR'] ?? '', { recursive: true, force: true })
})

/** Starts a gateway with a key, asks so often, and stops it. */
async function askUnder(key: string, times: number): Promise<readonly Response[]> {
  const server = await serve({ ...variables, GROK2API_SECRET_KEY: key })
  const answers: Response[] = []
  for (let n = 0; n < times; n++) {
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'grok-4.20-fast', messages: [{ role: 'user', content: 'hi' }] }),
    })
    await answer.clone().text()
    answers.push(answer)
  }
  await server.close()
  return answers
}

async function withStore<Value>(work: (store: AccountStore) => Promise<Value>): Promise<Value> {
  const stores = await openStores(parseStartup(variables))
  try {
    return await work(stores.accounts)
  } finally {
    await stores.close()
  }
}

async function readAccounts(store: AccountStore): Promise<readonly Account[]> {
  return (await store.changesSince(FIRST_CURSOR, 10)).accounts
}

test('another key is a fault of the gateway: nothing is written about the accounts, and the right key serves', async () => {
  const before = await withStore(readAccounts)
  for (const refused of await askUnder(OTHER, 3)) {
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { code: 'unavailable' } })
  }
  expect(await withStore(readAccounts)).toEqual(before)
  const [served] = await askUnder(RIGHT, 1)
  expect(served?.status).toBe(200)
})

test('accounts that an earlier version put out of service for it are back with the right key only', async () => {
  const cause = {
    code: 'credential_invalid',
    evidence:
      'the stored credential cannot be read: SecretBoxError: sealed with key 1, the keys at hand are 2',
    at: 1,
  } as const
  await withStore(async (store) => {
    const accounts = await readAccounts(store)
    const changes = accounts.map((base) => ({
      base,
      next: { ...base, state: { status: 'needs-login', cause } } as const,
    }))
    await store.save(changes, Date.now())
  })
  const [refused] = await askUnder(OTHER, 1)
  expect(await refused?.json()).toMatchObject({ error: { code: 'credential_invalid' } })
  const [served] = await askUnder(RIGHT, 1)
  expect(served?.status).toBe(200)
  const statuses = (await withStore(readAccounts)).map(({ state }) => state.status)
  expect(statuses).toEqual(['active', 'active'])
})
