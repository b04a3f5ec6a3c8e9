import { z } from 'zod'
import { parseTier } from '../../accounts/parse-tier.ts'
import {
  accountSortKeys,
  listedStatuses,
  type AccountFilter,
  type AccountSortKey,
  type SortPlace,
} from '../../accounts/query-accounts.ts'
import { modes, WEEKLY, type Mode, type Tier } from '../../core/model.ts'
import { AdminError } from './admin-error.ts'

const MAX_TEXT_LENGTH = 500

/** A filter matches a whole token too. */
const MAX_SEARCH_LENGTH = 20_000

const text = z.string().max(MAX_TEXT_LENGTH).optional()

/** The conditions on accounts as a query or a body states them; several values are separated by commas. */
export const filterShape = {
  search: z
    .string()
    .max(MAX_SEARCH_LENGTH)
    .optional()
    .meta({ description: 'Part of label, e-mail, notes or a tag; or a whole id or token.' }),
  tier: text.meta({ description: 'basic, super, heavy; several with commas.' }),
  status: text.meta({ description: `${listedStatuses.join(', ')}; several with commas.` }),
  tag: text,
  group: text,
  mode: z
    .enum(modes)
    .optional()
    .meta({ description: `Only accounts that offer this mode, or have the \`${WEEKLY}\` pool.` }),
}

interface FilterInput {
  readonly search?: string | undefined
  readonly tier?: string | undefined
  readonly status?: string | undefined
  readonly tag?: string | undefined
  readonly group?: string | undefined
  readonly mode?: Mode | undefined
}

/** The filter that a request states; empty conditions are none. */
export function parseFilter({ search, tier, status, tag, group, mode }: FilterInput): AccountFilter {
  return {
    search,
    tiers: tier ? splitList(tier).map(requireTier) : undefined,
    statuses: status ? splitList(status).map(requireStatus) : undefined,
    tag: tag || undefined,
    group: group || undefined,
    mode,
  }
}

/** The parts of a list with commas. */
export function splitList(list: string): readonly string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A fault of one field. */
export function fieldError(key: string, message: string): AdminError {
  return new AdminError('invalid_request', 'The request is not valid.', { fields: [{ key, message }] })
}

/** The tier that a name stands for; refuses what is none. */
export function requireTier(name: string): Tier {
  const tier = parseTier(name)
  if (!tier) throw fieldError('tier', `there is no pool ${JSON.stringify(name.slice(0, MAX_TEXT_LENGTH))}`)
  return tier
}

function requireStatus(name: string): (typeof listedStatuses)[number] {
  const status = listedStatuses.find((known) => known === name)
  if (!status) throw fieldError('status', `must be of ${listedStatuses.join(', ')}`)
  return status
}

/** How a list is sorted. */
export interface SortOrder {
  readonly sort: AccountSortKey
  readonly descending: boolean
}

/** A sort key, descending with a `-` before it. */
export function parseSort(name: string): SortOrder {
  const descending = name.startsWith('-')
  const sort = accountSortKeys.find((key) => key === name.slice(descending ? 1 : 0))
  if (!sort) throw fieldError('sort', `must be of ${accountSortKeys.join(', ')}, with - for descending`)
  return { sort, descending }
}

/** Where a page of a list starts, and the time that the list was made for: what recovers with time stands still in it. */
export interface ListCursor {
  readonly order: string
  readonly after: SortPlace
  readonly now: number
}

const cursorSchema = z.tuple([z.string(), z.number(), z.number(), z.number()])

/** A cursor as a caller sends it back. */
export function encodeCursor({ order, after, now }: ListCursor): string {
  return Buffer.from(JSON.stringify([order, after.value, after.id, now])).toString('base64url')
}

/** The cursor of a list in this order; refuses others. */
export function parseCursor(cursor: string, order: string): ListCursor {
  const parsed = cursorSchema.safeParse(readJson(Buffer.from(cursor, 'base64url').toString()))
  if (!parsed.success) throw fieldError('cursor', 'is not one of this list')
  const [ownOrder, value, id, now] = parsed.data
  if (ownOrder !== order) throw fieldError('cursor', 'belongs to a list in another order')
  return { order, after: { value, id }, now }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // refused by the schema
  }
}
