import type { SelectionRules } from './accounts/eligibility.ts'
import type { UpkeepSettings } from './accounts/upkeep.ts'
import type { Settings } from './config/schema.ts'
import type { ClearanceSettings } from './egress/clearance.ts'
import type { EgressSettings } from './egress/way-out.ts'
import type { BatchSettings } from './gateway/account-jobs.ts'
import type { AttachmentSettings } from './gateway/attachments.ts'
import type { AttemptSettings } from './gateway/attempt.ts'
import type { ChatSettings } from './gateway/chat.ts'
import type { ImageSettings } from './gateway/picture-source.ts'
import type { MediaLimits } from './media/media-store.ts'
import type { AccountActionSettings } from './upstream/account-actions.ts'
import type { UpstreamSettings } from './upstream/upstream-settings.ts'

/*
 * The settings as each part asks for them. Nothing below the API imports the configuration: the values are handed down,
 * and read anew at every request, so that a save is in force at once.
 */

export function selectionRules({ account }: Settings): SelectionRules {
  return {
    strategy: account.refresh.enabled ? 'quota' : 'random',
    maxInFlight: account.selection.max_inflight,
  }
}

export function upkeepSettings({ account }: Settings): UpkeepSettings {
  const { enabled, usage_concurrency, on_demand_min_interval_sec, ...intervals } = account.refresh
  return {
    enabled,
    intervals: {
      basic: intervals.basic_interval_sec,
      super: intervals.super_interval_sec,
      heavy: intervals.heavy_interval_sec,
    },
    concurrency: usage_concurrency,
    onDemandMinIntervalSeconds: on_demand_min_interval_sec,
  }
}

export function attemptSettings({ retry, features }: Settings): AttemptSettings {
  return {
    maxRetries: retry.max_retries,
    retryStatuses: retry.on_codes,
    autoModeFallback: features.auto_chat_mode_fallback,
  }
}

export function chatSettings({ features, models, upstream }: Settings): ChatSettings {
  return {
    reasoningSummary: features.thinking_summary,
    showSources: features.show_search_sources,
    continuesConversations: features.continue_conversations && upstream.chat_protocol === 'gateway',
    contextLength: contextLengths(models),
    pictures: { format: features.image_format, keepsPublic: features.imagine_public_image_proxy },
  }
}

const BYTES_PER_MB = 1024 * 1024

export function imageSettings({ image, video, features }: Settings): ImageSettings {
  return {
    roundSeconds: image.timeout,
    silenceSeconds: image.stream_timeout,
    adultContent: features.enable_nsfw,
    postSeconds: video.timeout,
  }
}

/** How videos are made; a helper call gets as long as a silence. */
export function videoSettings({ video, upstream }: Settings) {
  return {
    idleSeconds: video.timeout,
    timeoutSeconds: video.timeout,
    concurrency: video.concurrency,
    protocol: upstream.chat_protocol,
  }
}

/** How long answers of the Responses API are kept. */
export function responseSettings({ features }: Settings) {
  return { retentionDays: features.response_retention_days }
}

/** How many tokens a conversation with each model may have. */
function contextLengths(models: Settings['models']): (modelId: string) => number {
  // read when a length is asked for, once per request: most of these settings are not
  return (modelId) => Number(parsePairs(models.context_lengths).get(modelId) ?? models.context_length)
}

export function chatDefaults({ features, models }: Settings) {
  return {
    stream: features.stream,
    reasoning: features.thinking,
    aliases: parsePairs(models.aliases),
  }
}

export function egressSettings({ proxy }: Settings): EgressSettings {
  const { egress } = proxy
  return {
    mode: egress.mode,
    proxyUrl: egress.proxy_url,
    proxyPool: egress.proxy_pool,
    resourceProxyUrl: egress.resource_proxy_url,
    resourceProxyPool: egress.resource_proxy_pool,
  }
}

export function clearanceSettings({ proxy: { clearance }, upstream }: Settings): ClearanceSettings {
  return {
    isOn: clearance.mode === 'flaresolverr',
    solverUrl: clearance.flaresolverr_url,
    userAgent: clearance.user_agent,
    // read only where clearances are on: every request asks whether they are
    get mainOrigin() {
      return new URL(upstream.base_url).origin
    },
    timeoutSeconds: clearance.timeout_sec,
    refreshSeconds: clearance.refresh_interval,
  }
}

export function upstreamSettings({ upstream, proxy, features, chat }: Settings): UpstreamSettings {
  return {
    baseUrl: upstream.base_url,
    assetsUrl: upstream.assets_url,
    chatProtocol: upstream.chat_protocol,
    userAgent: proxy.clearance.user_agent,
    edgeCookies: proxy.clearance.mode === 'manual' ? proxy.clearance.cf_cookies : '',
    statsig: { value: upstream.statsig_value, placeholder: features.dynamic_statsig },
    chatIdleSeconds: chat.timeout,
    temporary: features.temporary,
    memory: features.memory,
    customInstruction: features.custom_instruction,
  }
}

export function attachmentSettings({ asset, features, upstream }: Settings): AttachmentSettings {
  return {
    protocol: upstream.chat_protocol,
    uploadTimeoutSeconds: asset.upload_timeout,
    deleteTimeoutSeconds: asset.delete_timeout,
    deletesUploads: features.delete_uploads,
  }
}

/** How long a download may be silent. */
export function keeperSettings({ asset }: Settings) {
  return { downloadIdleSeconds: asset.download_timeout }
}

/** How much kept media may take on disk. */
export function mediaLimits({ cache }: Settings): MediaLimits {
  return {
    image: cache.local.image_max_mb * BYTES_PER_MB,
    video: cache.local.video_max_mb * BYTES_PER_MB,
  }
}

/** How links to kept media begin. */
export function linkSettings({ app }: Settings) {
  return { publicUrl: app.app_url, trustedProxies: app.trusted_proxies }
}

export function batchSettings({ batch }: Settings): BatchSettings {
  return {
    refreshConcurrency: batch.refresh_concurrency,
    nsfwConcurrency: batch.nsfw_concurrency,
    assetDeleteConcurrency: batch.asset_delete_concurrency,
  }
}

export function actionSettings({ upstream, nsfw, asset }: Settings): AccountActionSettings {
  return {
    accountsUrl: upstream.accounts_url,
    timeoutSeconds: nsfw.timeout,
    listTimeoutSeconds: asset.list_timeout,
    deleteTimeoutSeconds: asset.delete_timeout,
  }
}

/** `name=value` entries; a snapshot of the settings is frozen, so each list is parsed once. */
function parsePairs(entries: readonly string[]): ReadonlyMap<string, string> {
  const known = parsedPairs.get(entries)
  if (known) return known
  const pairs = new Map(
    entries.map((entry): [string, string] => {
      const at = entry.indexOf('=')
      return [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
  parsedPairs.set(entries, pairs)
  return pairs
}

const parsedPairs = new WeakMap<readonly string[], ReadonlyMap<string, string>>()
