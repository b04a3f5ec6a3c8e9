import { definitionsByKey, groupNames } from './definitions.ts'
import { checkValue } from './layers.ts'
import { explainUnknownKey, isTable, readStoredLayer, shorten } from './raw-layers.ts'

/** Why one key of a save is refused. */
export interface SettingsFault {
  readonly key: string
  readonly message: string
}

/** A save that is refused as a whole, with every reason. */
export class SettingsFaultError extends Error {
  override readonly name = 'SettingsFaultError'
  readonly faults: readonly SettingsFault[]

  constructor(faults: readonly SettingsFault[]) {
    super(`Settings refused: ${faults.map(({ key, message }) => `${key} ${message}`).join('; ')}`)
    this.faults = faults
  }
}

/** Says why a key may not be changed now, if so. */
export type FindLock = (key: string) => string | undefined

/** Parses a whole patch, nested or with dotted keys, into checked values; throws every fault at once. */
export function parseSettingsPatch(patch: unknown, findLock: FindLock): ReadonlyMap<string, unknown> {
  const changes = new Map<string, unknown>()
  const faults: SettingsFault[] = []
  const read = (key: string, value: unknown): void => {
    const fault = readChange(key, value, changes) ?? (changes.has(key) ? findLock(key) : undefined)
    if (fault !== undefined) faults.push({ key: shorten(key), message: fault })
  }
  // Goes down only where the schema has groups, so its depth is bounded whatever the patch is.
  const walk = (table: Readonly<Record<string, unknown>>, prefix: string): void => {
    for (const [name, value] of Object.entries(table)) {
      const key = prefix + name
      if (groupNames.has(key) && isTable(value)) walk(value, `${key}.`)
      else read(key, value)
    }
  }
  if (isTable(patch)) walk(patch, '')
  else faults.push({ key: '', message: 'the settings must be an object' })
  if (faults.length > 0) throw new SettingsFaultError(faults)
  return changes
}

/** Checks that every key can be reset, or is stored although it is no setting; throws every fault at once. */
export function checkResetKeys(
  keys: readonly string[],
  stored: Readonly<Record<string, unknown>>,
  findLock: FindLock,
): void {
  const strange = new Set(readStoredLayer(stored).notes.map(({ key }) => key))
  const faults = keys.flatMap((key) => {
    if (!definitionsByKey.has(key) && strange.has(key)) return []
    const message = definitionsByKey.has(key) ? findLock(key) : explainUnknownKey(key)
    return message === undefined ? [] : [{ key: shorten(key), message }]
  })
  if (faults.length > 0) throw new SettingsFaultError(faults)
}

function readChange(key: string, value: unknown, changes: Map<string, unknown>): string | undefined {
  const definition = definitionsByKey.get(key)
  if (definition === undefined) return explainUnknownKey(key)
  if (changes.has(key)) return 'is given twice'
  if (value === null || value === undefined) return 'must have a value; reset it to return to the default'
  const checked = checkValue(definition, value)
  if (checked.type === 'invalid') return `is not valid: ${checked.problem}`
  changes.set(key, checked.value)
  return undefined
}
