import { instanceIdOf } from './api/admin/routes.ts'
import { encodeFinding } from './api/admin/doctor-routes.ts'
import { checkPublicUrl } from './api/admin/public-url.ts'
import { INSTANCE_HEADER } from './api/health.ts'
import { createClearance, passesOf } from './app-clearance.ts'
import { createEgress, proxyForAccount, type Egress } from './app-egress.ts'
import { upstreamSettings } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import type { Account } from './core/account.ts'
import { accountChecks } from './gateway/doctor/account.ts'
import { checkClock } from './gateway/doctor/clock.ts'
import { checkDataFolder } from './gateway/doctor/data-folder.ts'
import { checkDrift } from './gateway/doctor/drift.ts'
import { checkEdge } from './gateway/doctor/edge.ts'
import { findAccount, listAccounts } from './gateway/doctor/find-account.ts'
import { checkNames, skipped, type DoctorCheck } from './gateway/doctor/finding.ts'
import { checkProxies, type NamedProxy } from './gateway/doctor/proxies.ts'
import { checkPublicAddress, type PublicUrlLook } from './gateway/doctor/public-url.ts'
import {
  isWell,
  runDoctor,
  type DoctorFinding,
  type DoctorWish,
  type RunDoctor,
} from './gateway/doctor/run-doctor.ts'
import { checkSecrets, secretsFailed } from './gateway/doctor/secrets.ts'
import { checkSettings } from './gateway/doctor/settings.ts'
import { checkSolver } from './gateway/doctor/solver.ts'
import { checkStore, storeFailed } from './gateway/doctor/store.ts'
import type { Stores } from './store/contract.ts'
import { SecretKeyError } from './store/secret-key.ts'
import { clearSockets, clearTransport } from './upstream/cleared-ways.ts'
import { createUpstreamClient, type UpstreamClient } from './upstream/client.ts'
import { DriftBook } from './upstream/drift.ts'
import type { ProbedEdge } from './upstream/probe-edge.ts'
import { fetchQuota } from './upstream/quota.ts'
import type { CallerIdentity } from './upstream/rest-call.ts'
import { identify } from './upstream/ask.ts'
import { fetchSession } from './upstream/session.ts'
import type { Clock } from './util/clock.ts'
import { newId } from './util/ids.ts'
import { createLog } from './util/log.ts'
import type { SecretBox } from './util/secret-box.ts'

/** What the doctor looks at. */
export interface DoctorOptions {
  readonly startup: StartupOptions
  readonly settings: SettingsService
  readonly stores: Stores
  readonly box: SecretBox
  readonly clock: Clock
  readonly ways: Pick<Egress['ways'], 'choose' | 'nodes'>
  readonly upstream: UpstreamClient
  readonly drift: DriftBook
}

/** What is open at the start already, for a doctor on its own. */
export type DoctorParts = Pick<DoctorOptions, 'startup' | 'settings' | 'stores' | 'box' | 'clock'> & {
  readonly sessionKey: Buffer
}

/** The longest look for a gateway that runs here. */
const LOOK_SECONDS = 3

/** The smallest question that an answer proves something by. */
const ONE_WORD_PROMPT = '[user]: Answer with the one word: well'

/** A doctor over the parts of a gateway. */
export function createDoctor(options: DoctorOptions): RunDoctor {
  return (wish, signal) => runDoctor([dataFolderCheck(options.startup), ...listChecks(options, wish)], signal)
}

/**
 * A doctor for the command line: it works while a gateway runs, and while none does; and it goes as far as it can when
 * there is no folder, no key or no store to open.
 */
export async function* examine(
  startup: StartupOptions,
  open: () => Promise<DoctorParts>,
  { wish, signal }: { readonly wish: Omit<DoctorWish, 'lookAtPublicUrl'>; readonly signal: AbortSignal },
): AsyncGenerator<DoctorFinding> {
  const folder = await Array.fromAsync(runDoctor([dataFolderCheck(startup)], signal))
  yield* folder
  if (!isWell(folder)) yield* passOver('The data folder comes first.')
  else yield* examineOpen(startup, open, { wish, signal })
}

async function* examineOpen(
  startup: StartupOptions,
  open: () => Promise<DoctorParts>,
  { wish, signal }: { readonly wish: Omit<DoctorWish, 'lookAtPublicUrl'>; readonly signal: AbortSignal },
): AsyncGenerator<DoctorFinding> {
  const parts = await open().catch((error: unknown) => describeOpening(startup, error))
  if ('check' in parts) {
    yield* passOver('What cannot be opened must be mended first.', parts)
    return
  }
  const own = openOwnParts(parts)
  try {
    const wholeWish = { ...wish, lookAtPublicUrl: (limit: AbortSignal) => lookFromHere(parts, limit) }
    yield* runDoctor(listChecks(own.options, wholeWish), signal)
  } finally {
    own.close()
    await parts.stores.close()
  }
}

/** Why nothing can be opened. */
function describeOpening({ accountStorage }: StartupOptions, error: unknown): DoctorFinding {
  return error instanceof SecretKeyError
    ? { check: 'secrets', elapsedMs: 0, ...secretsFailed(error) }
    : { check: 'store', elapsedMs: 0, ...storeFailed(error, `ACCOUNT_STORAGE ${accountStorage}`) }
}

/** What comes after the data folder, unseen; `failed` is what kept it from being looked at. */
function* passOver(why: string, failed?: DoctorFinding): Generator<DoctorFinding> {
  for (const check of checkNames.slice(1))
    yield failed?.check === check ? failed : { check, elapsedMs: 0, ...skipped(why) }
}

/** A finding as the admin API answers it, for scripts that read the one or the other. */
export function encodeForScripts(finding: DoctorFinding): object {
  return encodeFinding(finding)
}

/** What a running gateway has, made for one run of the doctor. */
function openOwnParts(parts: DoctorParts): { readonly options: DoctorOptions; close(): void } {
  const { settings, clock } = parts
  const { ways, transport, openSocket, close } = createEgress({ settings, clock })
  const clearance = createClearance({ ...parts, holder: newId('doctor_') })
  const passes = passesOf(clearance)
  const drift = new DriftBook({ clock, log: createLog('doctor') })
  const upstream = createUpstreamClient({
    transport: clearTransport(transport, passes),
    openSocket: clearSockets(openSocket, passes),
    settings: () => upstreamSettings(settings.current),
    // the doctor learns nothing for the gateway
    userIds: { find: () => null, keep: () => undefined },
    noteDrift: drift.note,
    clock,
    random: Math.random,
  })
  return {
    options: { ...parts, ways, upstream, drift },
    close: () => {
      clearance.close()
      close()
    },
  }
}

function dataFolderCheck(startup: StartupOptions): DoctorCheck {
  const { accountStorage, accountLocalPath, configLocalPath, dataDir } = startup
  return checkDataFolder(dataDir, accountStorage === 'local' ? [accountLocalPath, configLocalPath] : [])
}

function listChecks(options: DoctorOptions, wish: DoctorWish): readonly DoctorCheck[] {
  const { settings, stores, box, startup, drift } = options
  const openSecret = (sealed: string, hash: string): string => box.open(sealed, hash)
  return [
    checkStore(stores, startup.accountStorage),
    checkSecrets({
      accounts: (limit) => listAccounts(stores, limit),
      openSecret,
      apiKeys: () => settings.current.app.api_key,
    }),
    checkSettings(() => settings.warnings),
    checkClock(options.clock, (limit) => probeUsualWay(options, limit)),
    checkPublicAddress(wish.lookAtPublicUrl),
    ...wayOutChecks(options),
    ...accountChecks({
      ...accountParts(options, openSecret),
      findAccount: () => findAccount(stores, wish.accountId),
      mayChat: wish.chat,
    }),
    checkDrift(() => drift.counts()),
  ]
}

function wayOutChecks(options: DoctorOptions): readonly DoctorCheck[] {
  const { settings, upstream, ways } = options
  return [
    checkProxies({
      proxies: () => listProxies(settings.current.proxy.egress),
      lastFailure: (proxyUrl) => lastFailureOf(ways, proxyUrl),
      testWayOut: async (proxyUrl, signal) => {
        await upstream.probeEdge({ proxyUrl, signal })
      },
    }),
    checkSolver({
      clearance: () => {
        const { mode, cf_cookies: cookies, flaresolverr_url: solverUrl } = settings.current.proxy.clearance
        return { mode, cookies, solverUrl }
      },
      fetch,
    }),
    checkEdge({
      baseUrl: () => settings.current.upstream.base_url,
      clearanceSetting: () => clearanceSettings[settings.current.proxy.clearance.mode],
      probe: (signal) => probeUsualWay(options, signal),
    }),
  ]
}

function lastFailureOf(ways: DoctorOptions['ways'], proxyUrl: string) {
  try {
    return ways.nodes().find(({ node }) => node.proxyUrl === proxyUrl)?.lastFailure
  } catch {
    return undefined // an address beside it cannot be read, which has a finding of its own
  }
}

function accountParts(
  { upstream, ways }: DoctorOptions,
  openSecret: (sealed: string, hash: string) => string,
) {
  return {
    identify: (account: Account, signal: AbortSignal) =>
      identify({ openSecret, proxyFor: proxyForAccount(ways) }, account, signal),
    fetchSession: (identity: CallerIdentity) => fetchSession(upstream.call, identity),
    fetchQuota: (identity: CallerIdentity, modes: Parameters<typeof fetchQuota>[2]) =>
      fetchQuota(upstream.call, identity, modes),
    chat: async (
      { id }: Account,
      identity: CallerIdentity,
      mode: Parameters<typeof fetchQuota>[2][number],
    ) => {
      const call = { ...identity, accountId: id, mode, prompt: ONE_WORD_PROMPT, fileIds: [] }
      let length = 0
      for await (const batch of upstream.chat({ ...call, onServed: () => undefined }))
        for (const event of batch) if (event.type === 'text-delta') length += event.text.length
      return length
    },
  }
}

/** What a challenge says is wrong, by where the clearance comes from. */
const clearanceSettings = {
  none: 'proxy.clearance.mode',
  manual: 'proxy.clearance.cf_cookies',
  flaresolverr: 'proxy.clearance.flaresolverr_url',
} as const

/** The edge as a request without an account of its own would meet it. */
async function probeUsualWay({ ways, upstream }: DoctorOptions, signal: AbortSignal): Promise<ProbedEdge> {
  return upstream.probeEdge({
    signal,
    proxyUrl: ways.choose({ accountKey: 'doctor', ownProxyUrl: null })?.proxyUrl,
  })
}

/** The proxies that the mode uses; an empty address stands for one that is missing. */
function listProxies(egress: SettingsService['current']['proxy']['egress']): readonly NamedProxy[] {
  const named = (setting: string, addresses: readonly string[]): NamedProxy[] =>
    addresses.map((address) => ({ address, setting: `proxy.egress.${setting}` }))
  const { mode, resource_proxy_url: resource } = egress
  if (mode === 'direct') return []
  if (mode === 'single_proxy')
    return [
      ...named('proxy_url', [egress.proxy_url]),
      ...named('resource_proxy_url', resource === '' ? [] : [resource]),
    ]
  return [
    ...named('proxy_pool', egress.proxy_pool.length === 0 ? [''] : egress.proxy_pool),
    ...named('resource_proxy_pool', egress.resource_proxy_pool),
  ]
}

/** The public address, as far as there is a gateway that it can lead to. */
async function lookFromHere(
  { startup, settings, sessionKey }: DoctorParts,
  signal: AbortSignal,
): Promise<PublicUrlLook> {
  const instanceId = instanceIdOf({ sessionKey })
  const timeout = AbortSignal.timeout(LOOK_SECONDS * 1000)
  const own = `http://${localHost(startup.serverHost)}:${startup.serverPort}/health`
  const isRunning = await fetch(own, { signal: AbortSignal.any([signal, timeout]) }).then(
    ({ headers }) => headers.get(INSTANCE_HEADER) === instanceId,
    () => false,
  )
  const url = settings.current.app.app_url
  if (!isRunning && url !== '')
    return { problem: null, message: 'No gateway of this data folder runs here now.', notRunning: true }
  return checkPublicUrl(url, { instanceId, fetch, signal })
}

/** Where a gateway that listens on every address can be asked. */
function localHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
