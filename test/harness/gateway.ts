import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { addAccounts } from '../../src/accounts/add-accounts.ts'
import { openBox, openStores } from '../../src/cli/open-parts.ts'
import { serve } from '../../src/cli/serve.ts'
import { parseStartup } from '../../src/config/startup.ts'
import type { Account } from '../../src/core/account.ts'
import type { Tier } from '../../src/core/model.ts'
import { FIRST_CURSOR } from '../../src/store/contract.ts'
import type { Clock } from '../../src/util/clock.ts'
import { readJson } from './json.ts'
import { refuseSecretsIn } from './planted-secrets.ts'

/** The key of every gateway under test. */
export const API_KEY = 'sk-test'
const ADMIN_KEY = 'admin-test'

export interface TestAccount {
  readonly token: string
  readonly tier: Tier
}

export interface TestGatewayOptions {
  /** Known to the emulator and imported into the gateway; default: one of each tier. */
  readonly accounts?: readonly TestAccount[]
  /** More variables, e.g. `GROK_RETRY_MAX_RETRIES`. */
  readonly environment?: Readonly<Record<string, string>>
  /** Instead of the machine's clock. */
  readonly clock?: Clock
}

/** A real gateway on a free port, with an emulated upstream of its own. */
export interface TestGateway {
  readonly url: string
  readonly dataDir: string
  readonly emulator: EmulatorControl
  /** The official client, without its own retries. */
  readonly openai: OpenAI
  /** Posts a body to a path with the API key. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  get(path: string): Promise<Response>
  /** Requests in flight, as `/ready` tells. */
  inFlight(): Promise<number>
  /** Starts another gateway on the same data and upstream; it stops with the first. */
  startSecond(): Promise<{ readonly url: string }>
  /** Stops the gateway, so that everything is written, and reads what it stored. */
  stopAndReadAccounts(): Promise<readonly Account[]>
  stop(): Promise<void>
}

const defaultAccounts: readonly TestAccount[] = [
  { token: 'token-basic', tier: 'basic' },
  { token: 'token-super', tier: 'super' },
  { token: 'token-heavy', tier: 'heavy' },
]

/** Starts a gateway and its upstream; the caller stops it. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { accounts = defaultAccounts, environment = {}, clock } = options
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-test-'))
  const upstream = startEmulator()
  const emulator = createEmulatorControl(upstream.url)
  await emulator.setAccounts(accounts)
  await emulator.setBehaviour({ paceMilliseconds: 0 })
  const variables = {
    DATA_DIR: dataDir,
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: '0',
    LOG_LEVEL: 'ERROR',
    LOG_DIR: join(dataDir, 'logs'),
    GROK_LOGGING_FILE_LEVEL: 'DEBUG',
    GROK_APP_API_KEY: API_KEY,
    GROK_APP_APP_KEY: ADMIN_KEY,
    GROK_UPSTREAM_BASE_URL: upstream.url,
    GROK_UPSTREAM_ASSETS_URL: `${upstream.url}/assets`,
    // what most suites look for in the record is of this protocol; those about chat run on both (protocols.ts)
    GROK_UPSTREAM_CHAT_PROTOCOL: 'rest',
    ...environment,
  }
  await storeAccounts(variables, accounts)
  const server = await serve(variables, clock)
  const running = [server]
  const stopGateway = async (): Promise<void> => {
    const stopping = running.splice(0)
    if (stopping.length === 0) return
    for (const one of stopping) await one.close() // one at a time: they share the log
    await refuseSecretsIn(variables.LOG_DIR, [API_KEY, ADMIN_KEY, ...accounts.map(({ token }) => token)])
  }
  const stop = async (): Promise<void> => {
    await stopGateway()
    await upstream.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  const get = (path: string): Promise<Response> => fetch(server.url + path, { headers: authorization })
  return {
    url: server.url,
    dataDir,
    emulator,
    openai: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: API_KEY, maxRetries: 0 }),
    post: (path, body, init = {}) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...init,
      }),
    get,
    inFlight: async () => {
      const { accounts } = await readJson<{ accounts: { in_flight: number } }>(await get('/ready'))
      return accounts.in_flight
    },
    startSecond: async () => {
      const second = await serve(variables, clock)
      running.push(second)
      return second
    },
    stopAndReadAccounts: async () => {
      await stopGateway()
      return readAccounts(variables)
    },
    stop,
  }
}

const authorization = { authorization: `Bearer ${API_KEY}` }

type Variables = Readonly<Record<string, string>>

/** Puts accounts into the store of a gateway that does not run yet. */
export async function storeAccounts(variables: Variables, accounts: readonly TestAccount[]): Promise<void> {
  const startup = parseStartup(variables)
  const stores = await openStores(startup)
  const entries = accounts.map(({ token, tier }) => ({ credential: token, tier, tags: [] }))
  await addAccounts(stores.accounts, openBox(startup), entries, Date.now())
  await stores.close()
}

async function readAccounts(variables: Variables): Promise<readonly Account[]> {
  const stores = await openStores(parseStartup(variables))
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 10_000)
  await stores.close()
  return accounts
}
