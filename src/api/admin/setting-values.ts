import { settingDefinitions } from '../../config/definitions.ts'
import { getAtKey, nestKeys } from '../../config/document-path.ts'
import { readStoredLayer } from '../../config/raw-layers.ts'
import type { Settings } from '../../config/schema.ts'
import { maskSecret } from './mask.ts'

type Table = Readonly<Record<string, unknown>>

/** All settings as they are in force, nested, with every secret masked. */
export function maskSettings(settings: Settings): Table {
  const values = settingDefinitions.map(
    ({ key, secret }) => [key, maskIf(secret, getAtKey(settings, key))] as const,
  )
  return nestKeys(new Map(values))
}

/**
 * A stored document, nested, with every secret masked. Only what is a setting is shown: a misspelt name may stand for a
 * secret as well.
 */
export function maskDocument(document: Table): Table {
  const stored = readStoredLayer(document).values
  const values = settingDefinitions
    .filter(({ key }) => stored.has(key))
    .map(({ key, secret }) => [key, maskIf(secret, stored.get(key))] as const)
  return nestKeys(new Map(values))
}

/** A value, masked if its setting is a secret. */
export function maskIf(secret: boolean | undefined, value: unknown): unknown {
  return secret === true ? maskSecret(value) : value
}
