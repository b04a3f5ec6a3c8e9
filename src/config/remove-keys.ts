import { definitionsByKey, groupNames } from './definitions.ts'
import { removeAtKey } from './document-path.ts'
import { legacyKeyNames, legacyNamesOf } from './legacy-keys.ts'
import { isTable, shorten } from './raw-layers.ts'

type Table = Readonly<Record<string, unknown>>

/**
 * A copy of a stored document without these keys. A setting goes with the names that it had in earlier releases, which
 * would stand in for it; what is no setting is named as the warnings name it.
 */
export function removeKeys(document: Table, keys: readonly string[]): Table {
  const stored = keys.flatMap((key) => [key, ...legacyNamesOf(key)]).filter(isRead)
  return removeUnknown(stored.reduce(removeAtKey, document), new Set(keys), '')
}

function isRead(key: string): boolean {
  return definitionsByKey.has(key) || legacyKeyNames.has(key)
}

/** Walks as the document is read, so that it finds what was not understood under the same name. */
function removeUnknown(table: Table, named: ReadonlySet<string>, prefix: string): Table {
  const kept = Object.entries(table).flatMap(([name, value]): [string, unknown][] => {
    const key = prefix + name
    const isOneName = !name.includes('.')
    if (isOneName && isRead(key)) return [[name, value]]
    if (isOneName && groupNames.has(key) && isTable(value))
      return [[name, removeUnknown(value, named, `${key}.`)]]
    return named.has(shorten(key)) ? [] : [[name, value]]
  })
  return Object.fromEntries(kept)
}
