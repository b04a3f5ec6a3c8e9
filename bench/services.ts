import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createEmulatorControl } from '../emulator/control/control-client.ts'
import { startService, type ServiceProcess, type Side } from './service-process.ts'

/** The key that the load generator sends. */
export const API_KEY = 'bench-key'

/** The key of the admin API. */
export const ADMIN_KEY = 'bench-admin-key'

/** How the emulator cuts an answer into writes. */
export interface Pacing {
  readonly paceMilliseconds: number
  readonly framesPerWrite: number
}

export interface GatewayOptions {
  readonly upstreamUrl?: string
  readonly tokens: readonly string[]
  readonly side: Side
  /** More variables. */
  readonly environment?: Readonly<Record<string, string>>
}

/** How a stream comes from the upstream: over HTTP or a socket, by the runtime's client or with a browser's handshakes. */
export type StreamChannel = 'runtime' | 'browser' | 'socket' | 'browser-socket'

const clearance = {
  GROK_PROXY_CLEARANCE_MODE: 'manual',
  GROK_PROXY_CLEARANCE_CF_COOKIES: 'cf_clearance=bench',
}

/** The settings that make the gateway take a channel; a clearance is what browsers are for. */
export const channelSettings: Readonly<Record<StreamChannel, Readonly<Record<string, string>>>> = {
  runtime: { GROK_UPSTREAM_CHAT_PROTOCOL: 'rest' },
  browser: { GROK_UPSTREAM_CHAT_PROTOCOL: 'rest', ...clearance },
  socket: { GROK_UPSTREAM_CHAT_PROTOCOL: 'gateway' },
  'browser-socket': { GROK_UPSTREAM_CHAT_PROTOCOL: 'gateway', ...clearance },
}

export interface RelayOptions {
  readonly channel: StreamChannel
  readonly upstreamUrl: string
  readonly token: string
  readonly side: Side
}

/** Queries that no benchmark uses up. */
const ENDLESS_QUOTA = { total: 1_000_000_000, remaining: 1_000_000_000 }

/** Nobody listens there. */
const NO_UPSTREAM = 'http://127.0.0.1:9'

/** Above every benchmark's number of parallel streams; Bun's own bound is 256. */
const MAX_UPSTREAM_REQUESTS = '16384'

/** Made-up SSO tokens, of about the length of real ones. */
export function makeTokens(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `bench-${String(index).padStart(8, '0')}-${'t'.repeat(140)}`,
  )
}

/** A folder for logs and data that is gone after the run. */
export function openWorkspace(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(`${tmpdir()}/grok2api-bench-`)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** The upstream: an emulator whose accounts are those of the tokens. */
export async function startUpstream(folder: string, tokens: readonly string[]): Promise<ServiceProcess> {
  const emulator = await startService({
    args: ['emulator/main.ts', '--port', '0'],
    side: 'second-core',
    logPath: `${folder}/emulator.log`,
  })
  await createEmulatorControl(emulator.url).setAccounts(
    tokens.map((token) => ({ token, tier: 'heavy', quotas: { fast: ENDLESS_QUOTA } })),
  )
  return emulator
}

/** Tells the emulator how to send from now on. */
export async function setPacing(upstreamUrl: string, pacing: Pacing): Promise<void> {
  await createEmulatorControl(upstreamUrl).setBehaviour(pacing)
}

/** The gateway as an operator runs it: default settings, logs to files and to standard error. */
export async function startGateway(folder: string, options: GatewayOptions): Promise<ServiceProcess> {
  await importAccounts(folder, options.tokens)
  return startImported(folder, options)
}

/** Adds the accounts of a gateway that is to be started, by its command line. */
export async function importAccounts(folder: string, tokens: readonly string[]): Promise<void> {
  const environment = gatewayEnvironment(folder, tokens)
  mkdirSync(environment.DATA_DIR, { recursive: true })
  if (tokens.length === 0) return
  const path = `${environment.DATA_DIR}/tokens.txt`
  await Bun.write(path, tokens.join('\n'))
  const done = Bun.spawnSync([process.execPath, 'src/main.ts', 'import', path, '--tier', 'heavy'], {
    cwd: `${import.meta.dir}/..`,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  })
  if (done.exitCode !== 0) throw new Error(`the import failed: ${done.stderr.toString()}`)
}

/** Starts a gateway whose accounts were imported before. */
export function startImported(
  folder: string,
  { tokens, side, upstreamUrl, environment: more }: GatewayOptions,
): Promise<ServiceProcess> {
  const environment = gatewayEnvironment(folder, tokens)
  return startService({
    args: ['src/main.ts', 'serve'],
    side,
    isTuned: true,
    environment: {
      ...environment,
      // without an upstream nothing may be asked of the real one
      GROK_UPSTREAM_BASE_URL: upstreamUrl ?? NO_UPSTREAM,
      ...more,
    },
    logPath: `${environment.DATA_DIR}/stderr.log`,
  })
}

function gatewayEnvironment(folder: string, tokens: readonly string[]) {
  const data = `${folder}/gateway-${tokens.length}`
  return {
    DATA_DIR: data,
    LOG_DIR: `${data}/logs`,
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: '0',
    GROK_APP_API_KEY: API_KEY,
    GROK_APP_APP_KEY: ADMIN_KEY,
    // most benchmarks are of this one; one of the other says so
    GROK_UPSTREAM_CHAT_PROTOCOL: 'rest',
  }
}

/** The baseline: the same stream through the least code that Bun needs for it. */
export function startBareRelay(
  folder: string,
  { upstreamUrl, token, side, channel }: RelayOptions,
): Promise<ServiceProcess> {
  const script = channel.endsWith('socket') ? 'bench/bare-socket-relay.ts' : 'bench/bare-relay.ts'
  return startService({
    args: [script, upstreamUrl, token, channel],
    side,
    environment: { BUN_CONFIG_MAX_HTTP_REQUESTS: MAX_UPSTREAM_REQUESTS },
    logPath: `${folder}/relay.log`,
  })
}
