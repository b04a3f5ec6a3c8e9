import { z } from 'zod'
import type { SettingEffect } from '../setting-info.ts'
import { flag, wholeNumber } from '../setting-types.ts'

const SHORTEST_REFRESH_SECONDS = 60
const LONGEST_REFRESH_SECONDS = 30 * 86_400
const CONCURRENCY_LIMIT = 500
const INFLIGHT_LIMIT = 1_000

/** How the account pool is kept fresh and shared out. */
export const accountGroup = z.strictObject({
  refresh: z.strictObject({
    enabled: flag({
      default: true,
      description:
        'Choose accounts by their quota and refresh it on schedule; off chooses at random and asks for no quota.',
    }),
    basic_interval_sec: refreshInterval('basic', 86_400),
    super_interval_sec: refreshInterval('super', 7_200),
    heavy_interval_sec: refreshInterval('heavy', 7_200),
    usage_concurrency: concurrency(50, 'Accounts refreshed side by side.'),
    on_demand_min_interval_sec: wholeNumber({
      default: 300,
      minimum: 0,
      maximum: LONGEST_REFRESH_SECONDS,
      unit: 'seconds',
      description: 'Shortest time between two refreshes caused by requests that found no account.',
    }),
  }),
  selection: z.strictObject({
    max_inflight: wholeNumber({
      default: 8,
      minimum: 1,
      maximum: INFLIGHT_LIMIT,
      unit: 'requests',
      description: 'Requests one account serves at the same time.',
    }),
  }),
})

/** How wide operations over many accounts or files run. */
export const batchGroup = z.strictObject({
  nsfw_concurrency: concurrency(50, 'Accounts whose content setting is changed side by side.'),
  refresh_concurrency: concurrency(50, 'Accounts an operator-started refresh handles side by side.'),
  asset_upload_concurrency: concurrency(10, 'Uploads running side by side.', 'restart'),
  asset_list_concurrency: concurrency(50, 'Listings of stored files running side by side.', 'restart'),
  asset_delete_concurrency: concurrency(50, 'Deletions of stored files running side by side.', 'restart'),
})

function refreshInterval(pool: string, seconds: number) {
  return wholeNumber({
    default: seconds,
    minimum: SHORTEST_REFRESH_SECONDS,
    maximum: LONGEST_REFRESH_SECONDS,
    unit: 'seconds',
    effect: 'next cycle',
    description: `Time between two quota refreshes of the ${pool} accounts.`,
  })
}

function concurrency(fallback: number, description: string, effect: SettingEffect = 'next cycle') {
  const unit = 'at once'
  return wholeNumber({
    default: fallback,
    minimum: 1,
    maximum: CONCURRENCY_LIMIT,
    unit,
    effect,
    description,
  })
}
