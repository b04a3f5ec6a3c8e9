import type { SettingsDocument } from '../core/settings-document.ts'
import { generatedSecrets } from './generated-secrets.ts'
import { layerSettings, type LayeredSettings, type SettingsWarning } from './layers.ts'
import type { Environment } from './raw-layers.ts'

/** Everything that is swapped together when the settings change. */
export interface SettingsState extends LayeredSettings {
  /** The stored overrides in force. */
  readonly values: Readonly<Record<string, unknown>>
  readonly version: string
}

/** What a warning about the document as a whole has in place of a key. */
export const STORED_SETTINGS = 'stored settings'

interface StateOptions {
  readonly environment: Environment
  /** The stored overrides that stay in force when the document cannot be read. */
  readonly lastReadable: Readonly<Record<string, unknown>>
  /** Values of the generated secrets that no layer gives. */
  readonly fallbacks: ReadonlyMap<string, unknown>
}

/** Makes the state that a stored document leads to. */
export function buildSettingsState(document: SettingsDocument, options: StateOptions): SettingsState {
  const { environment, lastReadable, fallbacks } = options
  const values = document.fault === undefined ? document.values : lastReadable
  const layered = layerSettings({ stored: values, environment, fallbacks })
  const warnings = [
    ...describeFault(document),
    ...describeFallbacks(layered.origins, fallbacks),
    ...layered.warnings,
  ]
  return { ...layered, warnings: Object.freeze(warnings), values, version: document.version }
}

/** The generated secrets in force, so that a key lost from a damaged document never turns into an open door. */
export function readSecretsInForce({ settings: { app } }: LayeredSettings): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ['app.app_key', app.app_key],
    ['app.api_key', app.api_key],
  ])
}

function describeFault({ fault }: SettingsDocument): SettingsWarning[] {
  if (fault === undefined) return []
  const message = `cannot be read, so what was read before (or the defaults) stays in force: ${fault}`
  return [{ key: STORED_SETTINGS, origin: 'stored', message }]
}

function describeFallbacks(
  origins: LayeredSettings['origins'],
  fallbacks: ReadonlyMap<string, unknown>,
): SettingsWarning[] {
  return generatedSecrets
    .filter(({ key }) => origins.get(key) === 'default' && fallbacks.has(key))
    .map(({ key }) => ({
      key,
      origin: 'default',
      message: 'is not stored: the present value lasts until the process ends',
    }))
}
