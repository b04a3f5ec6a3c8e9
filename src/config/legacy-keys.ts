import { toEnvironmentName } from './definitions.ts'

interface LegacyKey {
  readonly key: string
  readonly replacement: string
  /** Brings a value of the old key into the form of the new one. */
  readonly convert?: (value: unknown) => unknown
}

// Earlier releases read these before the nested keys that replaced them, and side-cars still write them. When two of
// them mean the same setting the first one wins.
const legacyKeys: readonly LegacyKey[] = [
  { key: 'proxy.cf_cookies', replacement: 'proxy.clearance.cf_cookies' },
  {
    key: 'proxy.cf_clearance',
    replacement: 'proxy.clearance.cf_cookies',
    convert: toClearanceCookie,
  },
  { key: 'proxy.user_agent', replacement: 'proxy.clearance.user_agent' },
  { key: 'proxy.browser', replacement: 'proxy.clearance.browser' },
  { key: 'retry.retry_status_codes', replacement: 'retry.on_codes' },
]

/** The dotted names that earlier releases used. */
export const legacyKeyNames: ReadonlySet<string> = new Set(legacyKeys.map(({ key }) => key))

/** The names that a setting had in earlier releases. */
export function legacyNamesOf(key: string): readonly string[] {
  return legacyKeys.filter(({ replacement }) => replacement === key).map((legacy) => legacy.key)
}

/** The environment names that earlier releases used, with the key each stands for. */
export const legacyEnvironmentNames: ReadonlyMap<string, string> = new Map(
  legacyKeys.map(({ key }) => [toEnvironmentName(key), key]),
)

/** Moves values of old keys to the keys that replaced them, within one layer; says what it did for each. */
export function replaceLegacyKeys(raw: Map<string, unknown>): { key: string; message: string }[] {
  const notes: { key: string; message: string }[] = []
  for (const { key, replacement, convert } of legacyKeys) {
    if (!raw.has(key)) continue
    const value = raw.get(key)
    raw.delete(key)
    if (raw.has(replacement)) {
      notes.push({ key, message: `is an old name of ${replacement}, which is set too; this one is ignored` })
      continue
    }
    raw.set(replacement, convert === undefined ? value : convert(value))
    notes.push({ key, message: `is an old name and is used as ${replacement}; please rename it` })
  }
  return notes
}

function toClearanceCookie(value: unknown): unknown {
  if (typeof value !== 'string' || value === '' || value.includes('=')) return value
  return `cf_clearance=${value}`
}
