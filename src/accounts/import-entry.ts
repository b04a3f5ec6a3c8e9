import { z } from 'zod'
import { tiers, type Tier } from '../core/model.ts'
import { CredentialError, parseCredential } from './credential.ts'
import { profileShape, type ProfileChange } from './import-profile.ts'
import { parseTier } from './parse-tier.ts'

/** One account as a file names it. */
export interface ImportEntry {
  readonly credential: string
  readonly tier: Tier
  readonly tags: readonly string[]
  /** What else the file says of it. */
  readonly profile?: ProfileChange
}

/** A line or item that is not an account, and why; the text itself is never repeated. */
export interface ImportFault {
  /** `line 3`, or `super[0]`. */
  readonly place: string
  readonly reason: string
}

/** What one line or item of a file is. */
export type ImportItem =
  | {
      readonly type: 'entry'
      readonly place: string
      readonly entry: ImportEntry
      /** The file itself says the tier; it is not the default. */
      readonly namesTier: boolean
    }
  | ({ readonly type: 'fault' } & ImportFault)

const LIST_SEPARATOR = /[;|,]/

/** Tags and groups, as a list or as text: `nsfw;old`. */
const names = z.preprocess(
  (value) =>
    typeof value === 'string' ? value.split(LIST_SEPARATOR).filter((part) => part.trim() !== '') : value,
  profileShape.tags,
)

const priority = z.preprocess(
  (value) => (typeof value === 'string' ? Number(value) : value),
  profileShape.priority,
)

const record = z.object({
  token: z.string(),
  pool: z.string().optional(),
  tags: names.optional(),
  groups: names.optional(),
  label: profileShape.label.optional(),
  email: profileShape.email.optional(),
  notes: profileShape.notes.optional(),
  priority: priority.optional(),
  proxy: profileShape.proxy_url.optional(),
})

/** Other names that files have for the fields of an entry. */
const aliases: Readonly<Record<string, keyof z.output<typeof record>>> = {
  sso: 'token',
  cookie: 'token',
  cookies: 'token',
  tier: 'pool',
  tag: 'tags',
  group: 'groups',
  name: 'label',
  mail: 'email',
  note: 'notes',
  proxy_url: 'proxy',
}

const fieldNames: ReadonlySet<string> = new Set(Object.keys(record.shape))

/** The field that a column or key stands for; undefined if it is none of ours. */
export function fieldNamed(title: string): string | undefined {
  const folded = title.trim().toLowerCase()
  return fieldNames.has(folded) ? folded : Object.hasOwn(aliases, folded) ? aliases[folded] : undefined
}

/** Where an item stands, and the tier that it has unless it says so itself. */
export interface ItemContext {
  readonly place: string
  readonly tier: Tier
}

/** An item of keys and values; keys that mean nothing here are passed over, and so are empty values. */
export function readRecord(values: Readonly<Record<string, unknown>>, context: ItemContext): ImportItem {
  const fields: Record<string, unknown> = {}
  for (const [title, value] of Object.entries(values)) {
    const field = fieldNamed(title)
    if (field !== undefined && value !== null && value !== '') fields[field] ??= value
  }
  const parsed = record.safeParse(fields)
  if (parsed.success) return readEntry(parsed.data, context)
  const [issue] = parsed.error.issues
  const field = String(issue?.path[0] ?? 'item')
  return fault(
    context.place,
    field === 'token' ? 'holds no token' : `${field}: ${issue?.message ?? 'is not valid'}`,
  )
}

/** An item that is only a token. */
export function readToken(token: string, context: ItemContext): ImportItem {
  return readEntry({ token }, context)
}

/** An item that is at fault. */
export function fault(place: string, reason: string): ImportItem {
  return { type: 'fault', place, reason }
}

/** Said of a pool that there is not. */
export const NO_POOL = `is not a pool; there are ${tiers.join(', ')}`

function readEntry(
  { token, pool, tags = [], proxy, ...profile }: z.output<typeof record>,
  { place, tier: defaultTier }: ItemContext,
): ImportItem {
  const tier = pool === undefined ? defaultTier : parseTier(pool)
  if (!tier) return fault(place, `pool: ${NO_POOL}`)
  try {
    const entry = { credential: parseCredential(token), tier, tags }
    const given = { ...dropUndefined(profile), ...(proxy !== undefined && { proxyUrl: proxy }) }
    return {
      type: 'entry',
      place,
      entry: Object.keys(given).length === 0 ? entry : { ...entry, profile: given },
      namesTier: pool !== undefined && pool.trim().toLowerCase() !== 'auto',
    }
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error
    return fault(place, error.message)
  }
}

/** What zod leaves as undefined must not reach an account. */
function dropUndefined({
  label,
  email,
  notes,
  groups,
  priority,
}: Omit<z.output<typeof record>, 'token' | 'pool' | 'tags' | 'proxy'>): ProfileChange {
  return {
    ...(label !== undefined && { label }),
    ...(email !== undefined && { email }),
    ...(notes !== undefined && { notes }),
    ...(groups !== undefined && { groups }),
    ...(priority !== undefined && { priority }),
  }
}
