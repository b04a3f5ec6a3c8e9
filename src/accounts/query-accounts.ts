import type { Account, AccountState } from '../core/account.ts'
import { servedModes, tiers, type Mode, type Tier } from '../core/model.ts'
import { remainingAt } from '../core/quota.ts'
import { hashCredential } from './credential.ts'
import { healthAt } from './feedback.ts'

/** The states that an account in the list may be in, best first. */
export const listedStatuses = ['active', 'cooling', 'needs-login', 'suspended', 'disabled'] as const

/** What a list of accounts may be sorted by. */
export const accountSortKeys = [
  'id',
  'created',
  'last_used',
  'failures',
  'successes',
  'health',
  'remaining',
  'tier',
  'status',
] as const
export type AccountSortKey = (typeof accountSortKeys)[number]

/** Which accounts are meant; every condition that is stated must hold. */
export interface AccountFilter {
  /** Part of the label, e-mail, notes or a tag; or the whole id or token. */
  readonly search?: string | undefined
  readonly tiers?: readonly Tier[] | undefined
  readonly statuses?: readonly AccountState['status'][] | undefined
  readonly tag?: string | undefined
  readonly group?: string | undefined
  /** Only accounts that offer this mode. */
  readonly mode?: Mode | undefined
}

/** Where an account stands in a sorted list. */
export interface SortPlace {
  readonly value: number
  readonly id: number
}

/** A page of a sorted list. */
export interface AccountQuery {
  readonly filter: AccountFilter
  readonly sort: AccountSortKey
  readonly descending: boolean
  readonly limit: number
  /** The last account of the page before. */
  readonly after?: SortPlace | undefined
}

/** How many accounts there are of each kind, whatever the filter. */
export interface AccountFacets {
  readonly status: Readonly<Record<(typeof listedStatuses)[number], number>>
  readonly tier: Readonly<Record<Tier, number>>
  /** With the tag `nsfw`. */
  readonly nsfw: number
}

/** What a query finds. */
export interface FoundAccounts {
  readonly accounts: readonly Account[]
  readonly total: number
  /** Over all pages. */
  readonly matched: number
  /** Where the next page starts; undefined at the end. */
  readonly next: SortPlace | undefined
  readonly facets: AccountFacets
}

/** The tag of accounts whose owner has switched adult content on. */
const NSFW_TAG = 'nsfw'

/** A filter, made ready to judge many accounts. */
export function accountFilter(filter: AccountFilter): (account: Account) => boolean {
  const { tiers: pools, statuses, tag, group, mode } = filter
  const matches = searchFor(filter.search?.trim() ?? '')
  return (account) =>
    (!pools || pools.includes(account.tier)) &&
    (!statuses || statuses.includes(account.state.status)) &&
    (tag === undefined || account.tags.includes(tag)) &&
    (group === undefined || account.groups.includes(group)) &&
    (mode === undefined || account.quota[mode] !== undefined) &&
    matches(account)
}

function searchFor(text: string): (account: Account) => boolean {
  if (text === '') return () => true
  const hash = hashCredential(text) // a whole token finds its account; a part of one must find nothing
  // three times as fast as to fold each text, which over 100,000 accounts is a matter of 40 ms
  const pattern = new RegExp(RegExp.escape(text), 'iu')
  const has = (value: string): boolean => pattern.test(value)
  return ({ id, label, email, notes, tags, credentialHash }) =>
    String(id) === text ||
    has(label) ||
    (email !== null && has(email)) ||
    has(notes) ||
    tags.some(has) ||
    credentialHash === hash
}

/** One page of the accounts that match, sorted; a whole sort of the rest is never made. */
export function queryAccounts(accounts: Iterable<Account>, query: AccountQuery, now: number): FoundAccounts {
  const isMatch = accountFilter(query.filter)
  const valueOf = sortValue(query, now)
  const top = new TopAccounts(query)
  const counts = new Counts()
  let matched = 0
  for (const account of accounts) {
    if (account.state.status === 'deleted') continue
    counts.add(account)
    if (!isMatch(account)) continue
    matched++
    top.offer(account, valueOf(account))
  }
  const ranked = top.take()
  const page = ranked.slice(0, query.limit)
  const last = ranked.length > query.limit ? page.at(-1) : undefined
  return {
    accounts: page.map(({ account }) => account),
    total: counts.total,
    matched,
    next: last && { value: last.value, id: last.account.id },
    facets: counts.facets,
  }
}

interface Ranked {
  readonly value: number
  readonly account: Account
}

/** Keeps the first accounts of a sorted list, one more than a page has, while all are offered in any order. */
class TopAccounts {
  readonly #size: number
  readonly #direction: 1 | -1
  readonly #after: SortPlace | undefined
  #kept: Ranked[] = []
  /** The last that can still be on the page, once there are enough. */
  #worst: SortPlace | undefined

  constructor({ limit, descending, after }: AccountQuery) {
    this.#size = limit + 1
    this.#direction = descending ? -1 : 1
    this.#after = after
  }

  offer(account: Account, value: number): void {
    if (this.#after && this.#compare(value, account.id, this.#after) <= 0) return
    if (this.#worst && this.#compare(value, account.id, this.#worst) > 0) return
    this.#kept.push({ value, account })
    if (this.#kept.length >= 2 * this.#size) this.#cut()
  }

  take(): readonly Ranked[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept.sort((a, b) => this.#compare(a.value, a.account.id, { value: b.value, id: b.account.id }))
    this.#kept = this.#kept.slice(0, this.#size)
    const last = this.#kept.at(-1)
    if (last && this.#kept.length === this.#size) this.#worst = { value: last.value, id: last.account.id }
  }

  #compare(value: number, id: number, other: SortPlace): number {
    return this.#direction * (value - other.value || id - other.id)
  }
}

class Counts {
  readonly #status = { active: 0, cooling: 0, 'needs-login': 0, suspended: 0, disabled: 0 }
  readonly #tier = { basic: 0, super: 0, heavy: 0 }
  #nsfw = 0
  total = 0

  add({ state, tier, tags }: Account): void {
    if (state.status === 'deleted') return
    this.total++
    this.#status[state.status]++
    this.#tier[tier]++
    if (tags.includes(NSFW_TAG)) this.#nsfw++
  }

  get facets(): AccountFacets {
    return { status: this.#status, tier: this.#tier, nsfw: this.#nsfw }
  }
}

/** What each key sorts by: always a number, so that a place in the list is two numbers. */
function sortValue({ sort, filter }: AccountQuery, now: number): (account: Account) => number {
  const values: Readonly<Record<AccountSortKey, (account: Account) => number>> = {
    id: ({ id }) => id,
    created: ({ createdAt }) => createdAt,
    last_used: ({ lastUsedAt }) => lastUsedAt ?? 0,
    failures: ({ failureCount }) => failureCount,
    successes: ({ successCount }) => successCount,
    health: (account) => healthAt(account, now),
    remaining: (account) => remainingQueries(account, filter.mode, now),
    tier: ({ tier }) => tiers.indexOf(tier),
    status: ({ state }) => listedStatuses.findIndex((status) => status === state.status),
  }
  return values[sort]
}

/** Queries left in all windows, or what is left in that of one mode: a pool counts no queries. */
function remainingQueries({ quota }: Account, mode: Mode | undefined, now: number): number {
  let sum = 0
  for (const each of mode === undefined ? servedModes : [mode]) {
    const window = quota[each]
    if (window) sum += remainingAt(window, now)
  }
  return sum
}
