import { bringBackReadable } from './accounts/bring-back-readable.ts'
import { AccountDirectory } from './accounts/directory.ts'
import { rememberOpened } from './accounts/opened-credentials.ts'
import { createSharedGate, type SharedGate } from './accounts/in-flight-gate.ts'
import { AccountSync } from './accounts/sync.ts'
import { fetchRemote, type FetchRemote } from './media/fetch-remote.ts'
import type { Upkeep } from './accounts/upkeep.ts'
import { WriteBehind } from './accounts/write-behind.ts'
import { keepClearances } from './app-clearance.ts'
import { createDoctor } from './app-doctor.ts'
import { createReach, createUpstream, reachForAdmin } from './app-upstream.ts'
import { createVideoMaking } from './app-videos.ts'
import { apiRoutes } from './api/routes.ts'
import type { RequestBindings } from './api/context.ts'
import { startLoops } from './app-loops.ts'
import { createMedia } from './app-media.ts'
import {
  attachmentSettings,
  attemptSettings,
  batchSettings,
  chatDefaults,
  chatSettings,
  responseSettings,
  selectionRules,
} from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import type { Clearance } from './egress/clearance.ts'
import type { WaysOut } from './egress/ways-out.ts'
import { createAttachments, type Attachments } from './gateway/attachments.ts'
import { accountJobHandlers, type BatchSettings } from './gateway/account-jobs.ts'
import type { AttemptParts } from './gateway/attempt.ts'
import { JobRunner } from './gateway/job-runner.ts'
import { createReplayArchive } from './gateway/replay-archive.ts'
import { createResponseArchive } from './gateway/response-archive.ts'
import type { Stores } from './store/contract.ts'
import { Leadership } from './store/leadership.ts'
import type { UpstreamAccountActions } from './upstream/account-actions.ts'
import { DriftBook } from './upstream/drift.ts'
import type { RestCaller } from './upstream/rest-call.ts'
import { createBackground, type Background } from './util/background.ts'
import type { Clock } from './util/clock.ts'
import { newId } from './util/ids.ts'
import { createLog } from './util/log.ts'
import type { SecretBox } from './util/secret-box.ts'
import { createWorkerTokenizer } from './util/worker-tokenizer.ts'

/** What is opened before the app and outlives it only at its start and end. */
export interface AppOptions {
  readonly startup: StartupOptions
  readonly settings: SettingsService
  readonly stores: Stores
  readonly box: SecretBox
  /** A secret of the installation, the same in every process: admin sessions are signed with it. */
  readonly sessionKey: Buffer
  /** The number of this process among the workers. */
  readonly worker: number
  readonly clock: Clock
  /** Tests put another in its place, to reach a server of their own. */
  readonly fetchRemote?: FetchRemote
}

/** The gateway, ready to serve. */
export interface App {
  fetch(request: Request, bindings?: RequestBindings): Response | Promise<Response>
  /** Stops the background work and writes what is not written yet; the stores stay open. */
  close(): Promise<void>
}

/** Builds every part and puts them together: the only wiring there is. */
export async function createApp(options: AppOptions): Promise<App> {
  const { settings, stores, clock } = options
  const background = createBackground(createLog('app'))
  const pool = createPool(options)
  const { directory, sync, writes, leadership } = pool
  const tokenizer = createWorkerTokenizer()
  const reach = createReach({ ...options, holder: pool.holder })
  const drift = new DriftBook({ clock, log: createLog('upstream') })
  const { upstream, upkeep, actions } = createUpstream({ ...options, drift }, directory, reach)
  const runner = createRunner(options, pool, { upkeep, actions })
  const media = createMedia({ ...options, download: upstream.download, background })
  const attachments = createFiles(options, upstream.call, background)
  const attempts = attemptParts(options, pool, { upkeep, ...reach })
  const made = { ...options, ...pool, ...media.parts }
  const making = createVideoMaking({ ...made, attempts, upstream, attachments, background })
  const routes = apiRoutes({
    ...attempts,
    upstream,
    tokenizer,
    attachments,
    ...media.parts,
    videos: making.videos,
    ...archiveParts(options, pool),
    clock,
    usableAccounts: (tier) => directory.usableAccounts(tier),
    poolStats: () => directory.stats,
    pingStore: () => stores.ping(),
    upstreamSeenAt: () => upstream.lastSeenAt(),
    ...settingParts(settings),
    admin: {
      ...adminParts(options, pool),
      drift: () => drift.counts(),
      doctor: createDoctor({ ...options, ways: reach.ways, upstream, drift }),
      ...reachForAdmin({ ...reach, settings, upstream }),
      actions,
      media: media.parts.keptMedia,
      wakeRunner: () => background.run('take on tasks', (signal) => runner.takeOn(signal)),
    },
  })

  await sync.read(new AbortController().signal)
  bringBackReadable({ ...attempts, clock })
  Bun.gc(true) // a large pool leaves more behind of its rows as text than it is itself
  settings.subscribe((current) => directory.configure(selectionRules(current)))
  startLoops({ ...options, ...pool, background, upkeep, runners: [runner, making.runner] })
  keepClearances({ ...reach, settings, leadership, background })
  const stopWatching = await stores.watch(() => {
    background.run('read changes', (signal) => Promise.all([sync.read(signal), settings.refresh()]))
  })
  return {
    fetch: (request, bindings) => routes.fetch(request, bindings),
    close: async () => {
      await stopWatching()
      await background.close()
      await Promise.all([runner.settle(), making.runner.settle()])
      await writes.flush()
      await leadership.resign()
      for (const part of [tokenizer, media, reach]) part.close()
    },
  }
}

/** What every call of the upstream for a client needs. */
function attemptParts(
  options: AppOptions,
  pool: Pool,
  {
    upkeep,
    ways,
    clearance,
  }: { readonly upkeep: Upkeep; readonly ways: WaysOut; readonly clearance: Clearance },
): AttemptParts {
  const { settings } = options
  return {
    ...leaseParts(options, pool),
    chooseWayOut: (query) => ways.choose(query),
    isAccountsFault: (credential) => ways.isAccountsFault(credential),
    passesChallenges: () => clearance.isOn,
    refreshForShortage: (shortage, signal) => upkeep.refreshForShortage(shortage, signal),
    settings: () => attemptSettings(settings.current),
  }
}

/** Answers that are kept: for repeated requests, and for clients that go on from them. */
function archiveParts({ settings, stores, clock }: AppOptions, { holder }: Pool) {
  return {
    replays: createReplayArchive({ ...stores, holder, clock }),
    responses: createResponseArchive(
      stores.responses,
      clock,
      () => responseSettings(settings.current).retentionDays,
    ),
  }
}

/** The settings that the doors ask for, read anew at every request. */
function settingParts(settings: SettingsService) {
  return {
    apiKeys: () => settings.current.app.api_key,
    corsOrigins: () => settings.current.app.cors_origins,
    chatSettings: () => chatSettings(settings.current),
    chatDefaults: () => chatDefaults(settings.current),
    filmFormat: () => settings.current.features.video_format,
  }
}

interface Pool {
  /** Names this process among all. */
  readonly holder: string
  readonly directory: AccountDirectory
  readonly sync: AccountSync
  readonly writes: WriteBehind
  readonly leadership: Leadership
  /** Absent where one process has the store to itself. */
  readonly gate?: SharedGate
}

/** The account pool of this process, and its ties to the others. */
function createPool({ settings, stores, clock }: AppOptions): Pool {
  const holder = newId('process_')
  const writes = new WriteBehind(
    (changes) => stores.accounts.save(changes, clock()),
    (slot, outcome) => directory.endWrite(slot, outcome),
    // SQLite, which has no gate since it is alone, writes on this thread: some 0.4 ms for so many accounts
    stores.inFlight ? undefined : 16,
  )
  const directory = new AccountDirectory({
    rules: selectionRules(settings.current),
    clock,
    random: Math.random,
    onChange: (slot, kind) => writes.add(slot, kind),
  })
  return {
    holder,
    directory,
    writes,
    sync: new AccountSync(stores.accounts, directory),
    leadership: new Leadership({ leases: stores.leases, name: 'upkeep', holder, clock }),
    ...(stores.inFlight && { gate: createSharedGate(stores.inFlight, holder, clock) }),
  }
}

function leaseParts({ box }: AppOptions, { directory, gate }: Pool) {
  const openCredential = rememberOpened((sealed, hash) => box.open(sealed, hash))
  return { directory, openCredential, log: createLog('api'), ...(gate && { gate }) }
}

function createFiles(options: AppOptions, call: RestCaller, background: Background): Attachments {
  const { settings, clock } = options
  return createAttachments({
    call,
    fetchRemote: options.fetchRemote ?? fetchRemote,
    background,
    clock,
    settings: () => attachmentSettings(settings.current),
    uploadConcurrency: settings.current.batch.asset_upload_concurrency,
  })
}

/** Runs the operators' tasks; any process takes on any. */
function createRunner(
  { settings, stores, clock }: AppOptions,
  { directory, holder }: Pool,
  { upkeep, actions }: { readonly upkeep: Upkeep; readonly actions: UpstreamAccountActions },
): JobRunner {
  const batch = (): BatchSettings => batchSettings(settings.current)
  return new JobRunner({
    jobs: stores.jobs,
    handlers: accountJobHandlers({ ...actions, directory, upkeep, batchSettings: batch }),
    holder,
    clock,
    log: createLog('tasks'),
  })
}

function adminParts({ settings, stores, sessionKey, startup, worker, box, clock }: AppOptions, pool: Pool) {
  const { directory, sync, writes } = pool
  return {
    directory,
    store: stores.accounts,
    jobs: stores.jobs,
    box,
    settings,
    settingsHistory: stores.settingsHistory,
    audit: stores.audit,
    pingStore: () => stores.ping(),
    sessionKey,
    clock,
    log: createLog('admin'),
    accounts: () => directory.accounts(),
    inFlight: () => directory.stats.inFlight,
    revision: () => sync.revision,
    flushAccounts: () => writes.flush(),
    syncAccounts: async (signal: AbortSignal) => (await sync.read(signal)) > 0,
    storageType: startup.accountStorage,
    worker,
    startedAt: clock(),
  }
}
