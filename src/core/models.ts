import type { Capability, Model, ServedMode, Tier } from './model.ts'

/** 2026-03-09 00:00 UTC, the date in the names of the first models; constant so that listings are stable. */
const CATALOGUE_CREATED_AT_SECONDS = 1_773_014_400

type Row = readonly [
  id: string,
  capability: Capability,
  mode: ServedMode,
  lowestTier: Tier,
  order?: 'best-pool-first',
]

/** The models that the seed promises, in its order (spec/seed.zh.txt, "模型支持"; spec/public-api.md §2.1, column APR). */
const rows: readonly Row[] = [
  ['grok-4.20-0309-non-reasoning', 'chat', 'fast', 'basic'],
  ['grok-4.20-0309', 'chat', 'auto', 'basic'],
  ['grok-4.20-0309-reasoning', 'chat', 'expert', 'basic'],
  ['grok-4.20-0309-non-reasoning-super', 'chat', 'fast', 'super'],
  ['grok-4.20-0309-super', 'chat', 'auto', 'super'],
  ['grok-4.20-0309-reasoning-super', 'chat', 'expert', 'super'],
  ['grok-4.20-0309-non-reasoning-heavy', 'chat', 'fast', 'heavy'],
  ['grok-4.20-0309-heavy', 'chat', 'auto', 'heavy'],
  ['grok-4.20-0309-reasoning-heavy', 'chat', 'expert', 'heavy'],
  ['grok-4.20-multi-agent-0309', 'chat', 'heavy', 'heavy'],
  ['grok-4.20-fast', 'chat', 'fast', 'basic', 'best-pool-first'],
  ['grok-4.20-auto', 'chat', 'auto', 'basic', 'best-pool-first'],
  ['grok-4.20-expert', 'chat', 'expert', 'basic', 'best-pool-first'],
  ['grok-4.20-heavy', 'chat', 'heavy', 'heavy', 'best-pool-first'],
  ['grok-4.3-beta', 'chat', 'grok-420-computer-use-sa', 'super'],
  ['grok-imagine-image-lite', 'image', 'fast', 'basic'],
  ['grok-imagine-image', 'image', 'imagine-image', 'super'],
  ['grok-imagine-image-pro', 'image', 'imagine-image', 'super'],
  ['grok-imagine-image-edit', 'image_edit', 'imagine-edit', 'super'],
  ['grok-imagine-video', 'video', 'imagine-video', 'super'],
]

/** The catalogue. */
export const models: readonly Model[] = rows.map(([id, capability, mode, tier, order]) => ({
  id,
  name: displayName(id),
  capability,
  mode,
  tier,
  preferBest: order === 'best-pool-first',
  createdAtSeconds: CATALOGUE_CREATED_AT_SECONDS,
}))

const byId = new Map(models.map((model) => [model.id, model]))

/** Names that the operator gives to models of the catalogue; a name may end in `*`. */
export type ModelAliases = ReadonlyMap<string, string>

/** The model of exactly this id, or that an alias of this name stands for. It keeps its own id. */
export function findModel(id: string, aliases: ModelAliases = new Map()): Model | undefined {
  return byId.get(id) ?? byId.get(aliases.get(id) ?? wildcardTarget(id, aliases) ?? '')
}

/** The longest `prefix*` that fits decides. */
function wildcardTarget(id: string, aliases: ModelAliases): string | undefined {
  const fitting = [...aliases.keys()].filter((name) => name.endsWith('*') && id.startsWith(name.slice(0, -1)))
  const best = fitting.toSorted((a, b) => b.length - a.length)[0]
  return best === undefined ? undefined : aliases.get(best)
}

/** `grok-4.20-fast` as people write it: `Grok 4.20 Fast`. */
function displayName(id: string): string {
  return id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
