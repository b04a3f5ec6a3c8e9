import { z } from 'zod'
import type { Tier } from '../core/model.ts'
import { fault, NO_POOL, readRecord, readToken, type ImportItem } from './import-entry.ts'
import { contentLines } from './import-text.ts'
import { parseTier } from './parse-tier.ts'

const object = z.record(z.string(), z.unknown())
const item = z.union([z.string(), z.looseObject({ token: z.string(), tags: z.array(z.string()).optional() })])
const pools = z.record(z.string(), z.array(item))
const cookie = z.looseObject({ name: z.string(), value: z.string() })
const cookies = z.array(cookie).min(1)

const NOT_POOLS = 'must hold an object of pools, each an array of tokens'

/** What a JSON value is read as. */
export type JsonImportFormat = 'json' | 'cookies' | 'v2'

/** A JSON value as an import: what it was, its items, and the pools that it names even without items. */
export interface JsonImport {
  readonly format: JsonImportFormat
  readonly items: readonly ImportItem[]
  readonly pools: readonly Tier[]
}

/** Reads a JSON value: pools, a list of accounts, the answer of the account list, one account, or a browser's cookies. */
export function readJsonImport(value: unknown, tier: Tier): JsonImport {
  if (Array.isArray(value)) return readList(value, tier)
  const parsed = object.safeParse(value)
  if (!parsed.success) return wholeFault(NOT_POOLS)
  const { data } = parsed
  if ('grok2api_backup' in data) return wholeFault('is a backup; restore it instead')
  if (typeof data['token'] === 'string') {
    return { format: 'json', items: [readRecord(data, { place: 'item', tier })], pools: [] }
  }
  const { tokens } = data
  if (Array.isArray(tokens)) return { format: 'v2', items: readItems(tokens, 'tokens', tier), pools: [] }
  return readPools(data, tier)
}

/** Pools by their names: `{"super": ["…", {"token": "…", "tags": []}]}`. */
export function readPools(data: unknown, defaultTier: Tier = 'basic'): JsonImport {
  const parsed = pools.safeParse(data)
  if (!parsed.success) return wholeFault(NOT_POOLS)
  const items: ImportItem[] = []
  const named: Tier[] = []
  for (const [pool, members] of Object.entries(parsed.data)) {
    const tier = pool === 'auto' ? defaultTier : parseTier(pool)
    if (!tier) {
      items.push(fault(pool, NO_POOL))
      continue
    }
    named.push(tier)
    for (const member of readItems(members, pool, tier)) {
      // the place in the file is as good as a word about the pool
      items.push(member.type === 'entry' ? { ...member, namesTier: pool !== 'auto' && pool !== '' } : member)
    }
  }
  return { format: 'json', items, pools: named }
}

/** One JSON object a line. */
export function readJsonLines(content: string, tier: Tier): readonly ImportItem[] {
  return contentLines(content).map(({ line, number }) => {
    const place = `line ${number}`
    try {
      return readItem(JSON.parse(line), place, tier)
    } catch {
      return fault(place, 'is not valid JSON')
    }
  })
}

function readList(list: readonly unknown[], tier: Tier): JsonImport {
  const jar = cookies.safeParse(list)
  if (!jar.success) return { format: 'json', items: readItems(list, 'item', tier), pools: [] }
  const tokens = jar.data.filter(({ name }) => name.trim().toLowerCase() === 'sso')
  const items = tokens.map(({ value }, index) => readToken(value, { place: `cookie ${index + 1}`, tier }))
  return {
    format: 'cookies',
    items: items.length > 0 ? items : [fault('file', 'the cookies hold no sso cookie')],
    pools: [],
  }
}

function readItems(list: readonly unknown[], name: string, tier: Tier): readonly ImportItem[] {
  return list.map((value, index) => readItem(value, `${name}[${index}]`, tier))
}

function readItem(value: unknown, place: string, tier: Tier): ImportItem {
  if (typeof value === 'string') return readToken(value, { place, tier })
  const parsed = object.safeParse(value)
  return parsed.success
    ? readRecord(parsed.data, { place, tier })
    : fault(place, 'is neither a token nor an object with one')
}

function wholeFault(reason: string): JsonImport {
  return { format: 'json', items: [fault('file', reason)], pools: [] }
}
