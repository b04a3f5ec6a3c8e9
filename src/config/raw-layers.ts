import {
  definitionsByKey,
  ENVIRONMENT_PREFIX,
  groupNames,
  settingDefinitions,
  type SettingDefinition,
} from './definitions.ts'
import { legacyEnvironmentNames, legacyKeyNames, replaceLegacyKeys } from './legacy-keys.ts'
import { findNearestName } from './nearest-name.ts'

/** Process environment, as a plain record. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One layer before its values are checked: what it says per key, and what it says that nobody understands. */
export interface RawLayer {
  readonly values: ReadonlyMap<string, unknown>
  readonly notes: readonly { readonly key: string; readonly message: string }[]
}

const SHOWN_NAME_LENGTH = 100
const STARTUP_ONLY = /^account\.(?:storage|local|redis|mysql|postgresql)(?:\.|$)/

const definitionsByEnvironmentName: ReadonlyMap<string, SettingDefinition> = new Map(
  settingDefinitions.map((definition) => [definition.environmentName, definition]),
)
const environmentNames = settingDefinitions.map(({ environmentName }) => environmentName)

/** Reads the stored document; walks only where the schema has groups, so a strange document cannot send it deep. */
export function readStoredLayer(document: Readonly<Record<string, unknown>>): RawLayer {
  const values = new Map<string, unknown>()
  const notes: { key: string; message: string }[] = []
  const walk = (group: Readonly<Record<string, unknown>>, prefix: string): void => {
    for (const [name, value] of Object.entries(group)) {
      const key = prefix + name
      const isOneName = !name.includes('.')
      if (isOneName && (definitionsByKey.has(key) || legacyKeyNames.has(key))) values.set(key, value)
      else if (isOneName && groupNames.has(key) && isTable(value)) walk(value, `${key}.`)
      else notes.push({ key: shorten(key), message: explainUnknownKey(key) })
    }
  }
  walk(document, '')
  notes.push(...replaceLegacyKeys(values))
  return { values, notes }
}

/** Reads the `GROK_` variables; each text is brought to the type of its setting where that is possible. */
export function readEnvironmentLayer(environment: Environment): RawLayer {
  const values = new Map<string, unknown>()
  const notes: { key: string; message: string }[] = []
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined) continue
    const definition = definitionsByEnvironmentName.get(name)
    const key = definition?.key ?? legacyEnvironmentNames.get(name)
    if (key === undefined) notes.push({ key: shorten(name), message: explainUnknownName(name) })
    // Compose files pass unset variables as empty; only for texts and lists is empty a value.
    else if (text.trim() !== '' || definition === undefined || canBeEmpty(definition)) {
      values.set(key, definition === undefined ? text : coerceText(definition, text))
    }
  }
  notes.push(...replaceLegacyKeys(values))
  return { values, notes }
}

/** The value a text stands for in a setting of this kind; the text itself when it stands for none, for the type to refuse. */
export function coerceText({ kind }: SettingDefinition, text: string): unknown {
  const word = text.trim().toLowerCase()
  if (kind === 'switch') {
    if (['true', '1', 'yes', 'on'].includes(word)) return true
    return ['false', '0', 'no', 'off'].includes(word) ? false : text
  }
  if (kind === 'number' || kind === 'whole-number') {
    return /^[+-]?\d+(?:\.\d+)?$/.test(word) ? Number(word) : text
  }
  return text
}

/** Why a key is not a setting, with the most likely intended one. */
export function explainUnknownKey(key: string): string {
  if (groupNames.has(key)) return 'is a group of settings and needs a table'
  if (STARTUP_ONLY.test(key)) return 'is set by the ACCOUNT_… environment variables at start only'
  const nearest = findNearestName(key, definitionsByKey.keys())
  return nearest === undefined ? 'is not a setting' : `is not a setting; did you mean ${nearest}?`
}

/** Whether a value is a table of further keys (a date or a list is not). */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A name that somebody else chose, short enough to print. */
export function shorten(name: string): string {
  return name.length > SHOWN_NAME_LENGTH ? `${name.slice(0, SHOWN_NAME_LENGTH)}…` : name
}

function explainUnknownName(name: string): string {
  const nearest = findNearestName(name, environmentNames)
  return nearest === undefined
    ? 'is not the variable of a setting'
    : `is not the variable of a setting; did you mean ${nearest}?`
}

function canBeEmpty({ kind }: SettingDefinition): boolean {
  return kind === 'text' || kind === 'long-text' || kind === 'text-list' || kind === 'number-list'
}
