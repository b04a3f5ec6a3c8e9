import { instanceIdOf } from './api/admin/routes.ts'
import { greetFlareSolverr } from './egress/flaresolverr.ts'
import { encodeFinding } from './api/admin/doctor-routes.ts'
import { checkPublicUrl } from './api/admin/public-url.ts'
import { INSTANCE_HEADER } from './api/health.ts'
import { createClearance, passesOf } from './app-clearance.ts'
import { apiKeysInForce, lookAtSettings, settingFacts } from './app-doctor-settings.ts'
import { createEgress, proxyForAccount, type Egress } from './app-egress.ts'
import { upstreamSettings } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import type { Account } from './core/account.ts'
import { accountChecks } from './gateway/doctor/account.ts'
import { chooseSetting, unlockSetting } from './gateway/doctor/choose-setting.ts'
import { checkClock } from './gateway/doctor/clock.ts'
import { checkDataFolder } from './gateway/doctor/data-folder.ts'
import { checkDrift } from './gateway/doctor/drift.ts'
import { checkEdge } from './gateway/doctor/edge.ts'
import { findAccount, listAccounts } from './gateway/doctor/find-account.ts'
import { checkNames, skipped, type DoctorCheck } from './gateway/doctor/finding.ts'
import { listOwnProxies, listProxies } from './gateway/doctor/list-proxies.ts'
import { checkProxies } from './gateway/doctor/proxies.ts'
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
import { SecretKeyError, secretKeyPath } from './store/secret-key.ts'
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
  /** Files that only a start makes, with a doctor on its own. */
  readonly notYet?: { readonly secretKey: string | undefined; readonly store: string | undefined }
}

/** What is open at the start already, for a doctor on its own. */
export type DoctorParts = Pick<
  DoctorOptions,
  'startup' | 'settings' | 'stores' | 'box' | 'clock' | 'notYet'
> & {
  readonly sessionKey: Buffer
}

type OpenSecret = (sealed: string, credentialHash: string) => string

/** Accounts among which those with a proxy of their own are looked for. */
const MAX_LOOKED_AT = 1_000

/** How long a FlareSolverr may take to say who it is; less than its check may take. */
const SOLVER_SECONDS = 10

/** The longest look for a gateway that runs here. */
const LOOK_SECONDS = 3

/** The smallest question that an answer proves something by. */
const ONE_WORD_PROMPT = '[user]: Answer with the one word: well'

/** A doctor over the parts of a gateway. */
export function createDoctor(options: DoctorOptions): RunDoctor {
  const facts = settingFacts(options.settings)
  return async function* (wish, signal) {
    const checks = [dataFolderCheck(options.startup), ...listChecks(options, wish)]
    for await (const finding of runDoctor(checks, signal)) yield unlockSetting(finding, facts)
  }
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
    const facts = settingFacts(parts.settings)
    for await (const finding of runDoctor(listChecks(own.options, wholeWish), signal))
      yield unlockSetting(finding, facts)
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
  const { accountStorage, accountLocalPath, configLocalPath, dataDir, secretKey } = startup
  const written = [accountLocalPath, `${accountLocalPath}-wal`, `${accountLocalPath}-shm`, configLocalPath]
  return checkDataFolder(dataDir, [
    ...(secretKey === undefined ? [{ path: secretKeyPath(dataDir), need: 'read' as const }] : []),
    ...(accountStorage === 'local' ? written.map((path) => ({ path, need: 'write' as const })) : []),
  ])
}

function listChecks(options: DoctorOptions, wish: DoctorWish): readonly DoctorCheck[] {
  const { settings, stores, box, startup, drift, notYet } = options
  const openSecret: OpenSecret = (sealed, hash) => box.open(sealed, hash)
  return [
    checkStore(stores, { storageType: startup.accountStorage, notYet: notYet?.store }),
    checkSecrets({
      accounts: (limit) => listAccounts(stores, limit),
      openSecret,
      apiKeys: () => apiKeysInForce(settings),
      keyNotYet: notYet?.secretKey,
    }),
    checkSettings(() => lookAtSettings(settings, startup)),
    checkClock(options.clock, (limit) => probeUsualWay(options, limit)),
    checkPublicAddress(wish.lookAtPublicUrl),
    ...wayOutChecks(options, openSecret),
    ...accountChecks({
      ...accountParts(options, openSecret),
      findAccount: () => findAccount(stores, wish.accountId),
      wishedId: wish.accountId,
      mayChat: wish.chat,
      settingFor: chooseSetting(settingFacts(settings)),
    }),
    checkDrift(() => drift.counts()),
  ]
}

function wayOutChecks(options: DoctorOptions, openSecret: OpenSecret): readonly DoctorCheck[] {
  const { settings, upstream, ways, stores } = options
  return [
    checkProxies({
      proxies: () => listProxies(settings.current.proxy.egress),
      ownProxies: async () => listOwnProxies(await listAccounts(stores, MAX_LOOKED_AT), openSecret),
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
      ask: (solverUrl, signal) => greetFlareSolverr({ solverUrl, signal, timeoutSeconds: SOLVER_SECONDS }),
    }),
    checkEdge({
      baseUrl: () => settings.current.upstream.base_url,
      settingFor: chooseSetting(settingFacts(settings)),
      usesSolver: () => settings.current.proxy.clearance.mode === 'flaresolverr',
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

function accountParts({ upstream, ways }: DoctorOptions, openSecret: OpenSecret) {
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

/** The edge as a request without an account of its own would meet it. */
async function probeUsualWay({ ways, upstream }: DoctorOptions, signal: AbortSignal): Promise<ProbedEdge> {
  return upstream.probeEdge({
    signal,
    proxyUrl: ways.choose({ accountKey: 'doctor', ownProxyUrl: null })?.proxyUrl,
  })
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
