import type { EmulatorClock } from './clock.ts'
import { QuotaTable, type DefaultWindows } from './quotas.ts'

/** What media is counted by, the keys of `quota_info` (spec/upstream-media.md §15.6): pictures of the socket, edits, clips. */
export const MEDIA_KINDS = ['imagePro', 'imageEdit', 'video', 'video720p'] as const

/** One of {@link MEDIA_KINDS}. */
export type MediaKind = (typeof MEDIA_KINDS)[number]

const DAY = 86_400

// The specifications tell no totals; these let a demo run for a while.
const DEFAULT_WINDOWS: DefaultWindows<MediaKind> = {
  basic: { imagePro: [10, DAY], imageEdit: [5, DAY], video720p: [2, DAY] },
  super: { imagePro: [200, DAY], imageEdit: [100, DAY], video: [100, DAY], video720p: [100, DAY] },
  heavy: { imagePro: [500, DAY], imageEdit: [300, DAY], video: [300, DAY], video720p: [300, DAY] },
}

/** The media windows of every account. */
export function createMediaQuotas(clock: EmulatorClock): QuotaTable<MediaKind> {
  return new QuotaTable(clock, MEDIA_KINDS, DEFAULT_WINDOWS)
}
