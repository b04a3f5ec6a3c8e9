import type { Tier } from '../core/model.ts'
import { isCsv, readCsv } from './import-csv.ts'
import { fault, type ImportEntry, type ImportFault, type ImportItem } from './import-entry.ts'
import { readJsonImport, readJsonLines } from './import-json.ts'
import { contentLines, readTextLines } from './import-text.ts'

/** What an import can be. */
export const importFormats = ['text', 'csv', 'json', 'jsonl', 'cookies', 'v2'] as const
export type ImportFormat = (typeof importFormats)[number]

/** The accounts of a file, and what in it is none. */
export interface ParsedImport {
  readonly entries: readonly ImportEntry[]
  readonly faults: readonly ImportFault[]
}

/** A file, item by item. */
export interface ReadImport {
  /** What it was read as. */
  readonly format: ImportFormat
  readonly items: readonly ImportItem[]
  /** The pools that the file names, also those without accounts. */
  readonly pools: readonly Tier[]
}

/** Reads an import file of any format for the command line. */
export function parseImportFile(text: string, defaultTier: Tier = 'basic'): ParsedImport {
  const { items } = readImport(text, { tier: defaultTier })
  return {
    entries: items.flatMap((item) => (item.type === 'entry' ? [item.entry] : [])),
    faults: items.flatMap((item) =>
      item.type === 'fault' ? [{ place: item.place, reason: item.reason }] : [],
    ),
  }
}

/** How a file is to be read. */
export interface ReadOptions {
  /** For accounts whose tier the file does not say. */
  readonly tier: Tier
  /** Found out from the content unless given. */
  readonly format?: ImportFormat | undefined
}

/**
 * Reads what people have: a token or cookie header a line, `email----password----token` lines, a table with a header,
 * JSON pools or lists, JSON lines, a browser's cookies, what version 2 has exported.
 */
export function readImport(text: string, { tier, format }: ReadOptions): ReadImport {
  const content = text.replace(/^\uFEFF/, '')
  const known = format ?? detectFormat(content)
  if (known === 'text') return withPools(known, readTextLines(content, tier))
  if (known === 'csv') return withPools(known, readCsv(content, tier))
  if (known === 'jsonl') return withPools(known, readJsonLines(content, tier))
  const value = parseJson(content)
  if (value === undefined) return withPools(known, [fault('file', 'is not valid JSON')])
  const read = readJsonImport(value, tier)
  return withPools(format ?? read.format, read.items, read.pools)
}

function withPools(
  format: ImportFormat,
  items: readonly ImportItem[],
  named: readonly Tier[] = [],
): ReadImport {
  const pools = new Set(named)
  for (const item of items) if (item.type === 'entry') pools.add(item.entry.tier)
  return { format, items, pools: [...pools] }
}

function detectFormat(content: string): ImportFormat {
  const start = content.trimStart()
  if (start.startsWith('{') || start.startsWith('[')) return isJsonLines(content) ? 'jsonl' : 'json'
  return isCsv(content) ? 'csv' : 'text'
}

/** Several lines of which the first is a whole object by itself. */
function isJsonLines(content: string): boolean {
  const [first, second] = contentLines(content)
  return first !== undefined && second !== undefined && parseJson(first.line) !== undefined
}

/** The value of a JSON text; undefined, which no JSON is, if it is not one. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said of the file by the caller
  }
}
