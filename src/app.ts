import { AccountDirectory } from './accounts/directory.ts'
import type { SelectionRules } from './accounts/eligibility.ts'
import { AccountSync } from './accounts/sync.ts'
import { WriteBehind } from './accounts/write-behind.ts'
import { apiRoutes } from './api/routes.ts'
import type { Settings } from './config/schema.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import { chooseWayOut } from './egress/way-out.ts'
import type { AccountStore } from './store/contract.ts'
import { createUpstreamClient, type UpstreamSettings } from './upstream/client.ts'
import { fetchTransport } from './upstream/transport.ts'
import { createBackground, type Background } from './util/background.ts'
import { systemClock } from './util/clock.ts'
import { createLog } from './util/log.ts'
import type { SecretBox } from './util/secret-box.ts'
import { createWorkerTokenizer } from './util/worker-tokenizer.ts'

/** Pause between two writes of what use has changed in the accounts. */
const WRITE_PAUSE_SECONDS = 1
/** Pause between two looks at the stored settings, for changes made by hand or by another process. */
const SETTINGS_PAUSE_SECONDS = 3

/** What is opened before the app and outlives it only at its start and end. */
export interface AppOptions {
  readonly startup: StartupOptions
  readonly settings: SettingsService
  readonly store: AccountStore
  readonly box: SecretBox
}

/** What the server calls for each request, beside the request itself. */
export interface RequestBindings {
  readonly allowSilence?: () => void
}

/** The gateway, ready to serve. */
export interface App {
  fetch(request: Request, bindings?: RequestBindings): Response | Promise<Response>
  /** Stops the background work and writes what is not written yet; the store stays open. */
  close(): Promise<void>
}

/** Builds every part and puts them together: the only wiring there is. */
export async function createApp({ startup, settings, store, box }: AppOptions): Promise<App> {
  const log = createLog('app')
  const background = createBackground(log)
  const writes = new WriteBehind((accounts) => store.save(accounts, systemClock()))
  const directory = new AccountDirectory({
    rules: selectionRules(settings.current),
    clock: systemClock,
    random: Math.random,
    onChange: (slot) => writes.add(slot),
  })
  const sync = new AccountSync(store, directory)
  const tokenizer = createWorkerTokenizer()
  const upstream = createUpstreamClient({
    transport: fetchTransport,
    settings: () => upstreamSettings(settings.current),
    clock: systemClock,
    random: Math.random,
  })
  const routes = apiRoutes({
    directory,
    upstream,
    tokenizer,
    clock: systemClock,
    log: createLog('api'),
    openCredential: (sealed, hash) => box.open(sealed, hash),
    chooseWayOut: () => chooseWayOut(egressSettings(settings.current)),
    usableAccounts: (tier) => directory.usableAccounts(tier),
    poolStats: () => directory.stats,
    pingStore: () => store.ping(),
    upstreamSeenAt: () => upstream.lastSeenAt(),
    ...settingReaders(settings),
  })

  await sync.read(new AbortController().signal)
  settings.subscribe((current) => directory.configure(selectionRules(current)))
  startLoops({ background, startup, settings, writes, sync })
  return {
    fetch: (request, bindings) => routes.fetch(request, bindings),
    close: async () => {
      await background.close()
      await writes.flush()
      tokenizer.close()
    },
  }
}

interface LoopParts extends Pick<AppOptions, 'startup' | 'settings'> {
  readonly background: Background
  readonly writes: WriteBehind
  readonly sync: AccountSync
}

/** What runs beside the requests, until the background is closed. */
function startLoops({ background, startup, settings, writes, sync }: LoopParts): void {
  const pace = {
    idleSeconds: startup.accountSyncIntervalSeconds,
    activeSeconds: startup.accountSyncActiveIntervalSeconds,
  }
  const writePause = (): number => WRITE_PAUSE_SECONDS
  const settingsPause = (): number => SETTINGS_PAUSE_SECONDS
  const syncPause = (): number => sync.pauseSeconds(pace)
  background.every('write accounts', writePause, () => writes.flush())
  background.every('read settings', settingsPause, () => settings.refresh())
  background.every('read accounts', syncPause, (signal) => sync.read(signal))
}

/** The settings as each part asks for them: read anew at every request, so that a save is in force at once. */
function settingReaders(settings: SettingsService) {
  return {
    apiKeys: () => settings.current.app.api_key,
    settings: () => ({
      maxRetries: settings.current.retry.max_retries,
      retryStatuses: settings.current.retry.on_codes,
      autoModeFallback: settings.current.features.auto_chat_mode_fallback,
    }),
    chatSettings: () => ({
      reasoningSummary: settings.current.features.thinking_summary,
      showSources: settings.current.features.show_search_sources,
    }),
    chatDefaults: () => ({
      stream: settings.current.features.stream,
      reasoning: settings.current.features.thinking,
      imageLinks: settings.current.features.image_format.endsWith('url')
        ? ('url' as const)
        : ('markdown' as const),
    }),
  }
}

function selectionRules({ account }: Settings): SelectionRules {
  return {
    strategy: account.refresh.enabled ? 'quota' : 'random',
    maxInFlight: account.selection.max_inflight,
  }
}

function egressSettings({ proxy }: Settings) {
  return { mode: proxy.egress.mode, proxyUrl: proxy.egress.proxy_url }
}

function upstreamSettings({ upstream, proxy, features, chat }: Settings): UpstreamSettings {
  return {
    baseUrl: upstream.base_url,
    assetsUrl: upstream.assets_url,
    userAgent: proxy.clearance.user_agent,
    edgeCookies: proxy.clearance.mode === 'manual' ? proxy.clearance.cf_cookies : '',
    statsig: { value: upstream.statsig_value, placeholder: features.dynamic_statsig },
    chatIdleSeconds: chat.timeout,
    temporary: features.temporary,
    memory: features.memory,
    customInstruction: features.custom_instruction,
  }
}
