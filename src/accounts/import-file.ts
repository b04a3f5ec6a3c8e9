import { z } from 'zod'
import { tiers, type Tier } from '../core/model.ts'
import { CredentialError, parseCredential } from './credential.ts'
import { parseTier } from './parse-tier.ts'

/** One account as a file names it. */
export interface ImportEntry {
  readonly credential: string
  readonly tier: Tier
  readonly tags: readonly string[]
}

/** A line or item that is not an account, and why; the text itself is never repeated. */
export interface ImportFault {
  /** `line 3`, or `super[0]`. */
  readonly place: string
  readonly reason: string
}

export interface ParsedImport {
  readonly entries: readonly ImportEntry[]
  readonly faults: readonly ImportFault[]
}

const item = z.union([z.string(), z.object({ token: z.string(), tags: z.array(z.string()).optional() })])
const document = z.record(z.string(), z.array(item))

/**
 * Reads an import file: JSON with pools (`{"super": ["…", {"token": "…", "tags": []}]}`), or text with one token a line;
 * blank lines and lines that start with `#` are passed over.
 */
export function parseImportFile(text: string, defaultTier: Tier = 'basic'): ParsedImport {
  const content = text.replace(/^\uFEFF/, '')
  return content.trimStart().startsWith('{')
    ? parseJsonImport(content)
    : parseTextImport(content, defaultTier)
}

function parseTextImport(content: string, tier: Tier): ParsedImport {
  const entries: ImportEntry[] = []
  const faults: ImportFault[] = []
  content.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return
    addEntry({ token: line, tier, tags: [], place: `line ${index + 1}` }, entries, faults)
  })
  return { entries, faults }
}

function parseJsonImport(content: string): ParsedImport {
  const pools = readDocument(content)
  if (typeof pools === 'string') return { entries: [], faults: [{ place: 'file', reason: pools }] }
  const entries: ImportEntry[] = []
  const faults: ImportFault[] = []
  for (const [pool, items] of Object.entries(pools)) {
    const tier = parseTier(pool)
    if (!tier) faults.push({ place: pool, reason: `is not a pool; there are ${tiers.join(', ')}` })
    else
      items.forEach((entry, index) =>
        addEntry({ ...normalise(entry), tier, place: `${pool}[${index}]` }, entries, faults),
      )
  }
  return { entries, faults }
}

function readDocument(content: string): z.output<typeof document> | string {
  try {
    const parsed = document.safeParse(JSON.parse(content))
    return parsed.success ? parsed.data : 'must hold an object of pools, each an array of tokens'
  } catch {
    return 'is not valid JSON'
  }
}

function normalise(entry: z.output<typeof item>): { token: string; tags: readonly string[] } {
  return typeof entry === 'string'
    ? { token: entry, tags: [] }
    : { token: entry.token, tags: entry.tags ?? [] }
}

interface Candidate {
  readonly token: string
  readonly tier: Tier
  readonly tags: readonly string[]
  readonly place: string
}

function addEntry(
  { token, tier, tags, place }: Candidate,
  entries: ImportEntry[],
  faults: ImportFault[],
): void {
  try {
    entries.push({ credential: parseCredential(token), tier, tags })
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error
    faults.push({ place, reason: error.message })
  }
}
