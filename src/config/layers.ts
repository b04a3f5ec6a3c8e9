import { findContradictions } from './contradictions.ts'
import { settingDefinitions, type SettingDefinition } from './definitions.ts'
import { nestKeys } from './document-path.ts'
import {
  coerceText,
  readEnvironmentLayer,
  readStoredLayer,
  type Environment,
  type RawLayer,
} from './raw-layers.ts'
import { settingsSchema, type Settings } from './schema.ts'

/** Which layer a value comes from. */
export type SettingOrigin = 'default' | 'stored' | 'environment'

/** Something the operator should look at; never contains a value. */
export interface SettingsWarning {
  /** The dotted key or the variable it is about, or `stored settings` for the document as a whole. */
  readonly key: string
  readonly origin: SettingOrigin
  readonly message: string
}

/** The outcome of laying the layers over one another. */
export interface LayeredSettings {
  readonly settings: Settings
  readonly origins: ReadonlyMap<string, SettingOrigin>
  readonly warnings: readonly SettingsWarning[]
}

/** What is laid over the defaults. */
export interface SettingsLayers {
  readonly stored: Readonly<Record<string, unknown>>
  readonly environment: Environment
  /** Values that stand in for the defaults of some keys; their origin is still `default`. */
  readonly fallbacks?: ReadonlyMap<string, unknown>
}

/** The outcome of checking one value. */
export type CheckedValue =
  | { readonly type: 'valid'; readonly value: unknown }
  | { readonly type: 'invalid'; readonly problem: string }

type OverridingOrigin = Exclude<SettingOrigin, 'default'>

const OVERRIDES: readonly OverridingOrigin[] = ['environment', 'stored']

/** Lays environment over stored over defaults; whatever is wrong in a layer gives a warning and the next lower layer. */
export function layerSettings({ stored, environment, fallbacks }: SettingsLayers): LayeredSettings {
  const layers = { stored: readStoredLayer(stored), environment: readEnvironmentLayer(environment) }
  const warnings: SettingsWarning[] = OVERRIDES.flatMap((origin) =>
    layers[origin].notes.map((note) => ({ ...note, origin })),
  )
  const origins = new Map<string, SettingOrigin>()
  const values = new Map<string, unknown>()
  for (const definition of settingDefinitions) {
    const { key } = definition
    const override = pickOverride(definition, layers, warnings)
    origins.set(key, override?.origin ?? 'default')
    values.set(key, override?.value ?? fallbacks?.get(key) ?? definition.default)
  }
  const settings = deepFreeze(settingsSchema.parse(nestKeys(values)))
  for (const found of findContradictions(settings)) {
    warnings.push({ ...found, origin: origins.get(found.key) ?? 'default' })
  }
  return { settings, origins, warnings }
}

/** Checks one value against the type of its setting; the problem never repeats the value. */
export function checkValue({ type }: SettingDefinition, value: unknown): CheckedValue {
  const result = type.safeParse(value)
  if (result.success) return { type: 'valid', value: result.data }
  return { type: 'invalid', problem: result.error.issues.map(({ message }) => message).join('; ') }
}

function pickOverride(
  definition: SettingDefinition,
  layers: Readonly<Record<OverridingOrigin, RawLayer>>,
  warnings: SettingsWarning[],
): { origin: OverridingOrigin; value: unknown } | undefined {
  const { key } = definition
  for (const origin of OVERRIDES) {
    const { values } = layers[origin]
    if (!values.has(key)) continue
    const raw = values.get(key)
    // Earlier releases stored what a form field held, so "60" and "false" are met in real files.
    const checked = checkValue(definition, typeof raw === 'string' ? coerceText(definition, raw) : raw)
    if (checked.type === 'valid') return { origin, value: checked.value }
    warnings.push({ key, origin, message: `is not usable and is ignored: ${checked.problem}` })
  }
  return undefined
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
