import { isDeepStrictEqual } from 'node:util'
import { settingDefinitions } from '../../config/definitions.ts'
import { isGeneratedKey } from '../../config/generated-secrets.ts'
import { checkValue, type CheckedValue } from '../../config/layers.ts'
import { coerceText, readStoredLayer } from '../../config/raw-layers.ts'
import type { FieldFault } from './admin-error.ts'

type Table = Readonly<Record<string, unknown>>
type Definition = (typeof settingDefinitions)[number]

/** What leads from the stored settings of now to those of an earlier version. */
export interface Rollback {
  readonly patch: Readonly<Record<string, unknown>>
  readonly reset: readonly string[]
  /** Settings that cannot be brought back, and why. */
  readonly skipped: readonly FieldFault[]
}

/** The settings whose stored values differ between two documents; what the documents do not say is a default. */
export function changedKeys(before: Table, after: Table): readonly string[] {
  const [earlier, later] = [readStoredLayer(before).values, readStoredLayer(after).values]
  return settingDefinitions
    .filter(({ key }) => !isDeepStrictEqual(earlier.get(key), later.get(key)))
    .map(({ key }) => key)
}

/** Plans the way back to an earlier version; what it says wrongly, or what the environment sets, is skipped. */
export function planRollback(now: Table, target: Table, isLocked: (key: string) => boolean): Rollback {
  const wanted = readStoredLayer(target).values
  const changed = new Set(changedKeys(now, target))
  const patch: Record<string, unknown> = {}
  const reset: string[] = []
  const skipped: FieldFault[] = []
  for (const definition of settingDefinitions) {
    const { key } = definition
    if (!changed.has(key)) continue
    const checked = wanted.has(key) ? checkStored(definition, wanted.get(key)) : undefined
    if (isLocked(key)) skipped.push({ key, message: 'is locked: an environment variable sets it' })
    else if (checked?.type === 'invalid') {
      skipped.push({ key, message: `is not valid in that version: ${checked.problem}` })
    } else if (checked) patch[key] = checked.value
    // a password is never taken away: it has no default to return to
    else if (isGeneratedKey(key)) skipped.push({ key, message: 'was not set in that version and stays' })
    else reset.push(key)
  }
  return { patch, reset, skipped }
}

function checkStored(definition: Definition, raw: unknown): CheckedValue {
  return checkValue(definition, typeof raw === 'string' ? coerceText(definition, raw) : raw)
}
