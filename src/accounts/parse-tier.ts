import { tiers, type Tier } from '../core/model.ts'

/** Names that older versions gave to the pools (spec/control-plane.md §1.2, §3.6). */
const tierAliases: ReadonlyMap<string, Tier> = new Map([
  ['', 'basic'],
  ['auto', 'basic'],
  ['ssobasic', 'basic'],
  ['ssosuper', 'super'],
  ['ssoheavy', 'heavy'],
])

/** The tier that a name stands for, old names included; undefined if there is none. */
export function parseTier(name: string): Tier | undefined {
  const folded = name.trim().toLowerCase()
  return tiers.find((tier) => tier === folded) ?? tierAliases.get(folded)
}
