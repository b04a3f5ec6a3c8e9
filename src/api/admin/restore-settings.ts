import { definitionsByKey } from '../../config/definitions.ts'
import { nestKeys } from '../../config/document-path.ts'
import { readStoredLayer } from '../../config/raw-layers.ts'
import { changeConfig, checkPatch, type ConfigChangeParts } from './config-change.ts'

/** Settings of a backup that are to be put in force. */
export interface SettingsRestore {
  /** Dotted keys. */
  readonly keys: readonly string[]
  /** Keys that an environment variable holds; they stay as they are. */
  readonly locked: readonly string[]
  apply(actor: string): Promise<unknown>
}

/** Reads the settings of a backup; throws every fault of their values before anything is changed. */
export function planSettingsRestore(
  parts: ConfigChangeParts,
  stored: Readonly<Record<string, unknown>>,
): SettingsRestore {
  const { settings } = parts
  const known = [...readStoredLayer(stored).values].filter(([key]) => definitionsByKey.has(key))
  const isLocked = (key: string): boolean => settings.origin(key) === 'environment'
  const open = known.filter(([key]) => !isLocked(key))
  const patch = nestKeys(new Map(open))
  checkPatch(settings, patch, [])
  return {
    keys: open.map(([key]) => key),
    locked: known.map(([key]) => key).filter(isLocked),
    apply: (actor) => changeConfig(parts, actor, () => settings.save(patch)),
  }
}
