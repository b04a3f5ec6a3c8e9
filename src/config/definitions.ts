import { z } from 'zod'
import { settingsSchema } from './schema.ts'
import { settingInfo, type SettingInfo } from './setting-info.ts'

/** One setting with its full name and everything known about it. */
export interface SettingDefinition extends SettingInfo {
  /** Dotted, as in `proxy.egress.mode`. */
  readonly key: string
  /** As in `GROK_PROXY_EGRESS_MODE`. */
  readonly environmentName: string
  readonly type: z.ZodType
}

/** What every environment name of a setting starts with. */
export const ENVIRONMENT_PREFIX = 'GROK_'

/** Every setting, in the order of the schema. */
export const settingDefinitions: readonly SettingDefinition[] = collectDefinitions(settingsSchema, '')

/** Every setting by its dotted key. */
export const definitionsByKey: ReadonlyMap<string, SettingDefinition> = new Map(
  settingDefinitions.map((definition) => [definition.key, definition]),
)

/** Every dotted name that stands for a group of settings, as `proxy` and `proxy.egress`. */
export const groupNames: ReadonlySet<string> = new Set(
  settingDefinitions.flatMap(({ key }) => {
    const names = key.split('.')
    return names.slice(1).map((_, index) => names.slice(0, index + 1).join('.'))
  }),
)

/** The environment name that overrides a dotted key. */
export function toEnvironmentName(key: string): string {
  return ENVIRONMENT_PREFIX + key.replaceAll('.', '_').toUpperCase()
}

function collectDefinitions(type: z.ZodType, key: string): SettingDefinition[] {
  if (type instanceof z.ZodObject) {
    const members: Record<string, z.ZodType> = type.shape
    return Object.entries(members).flatMap(([name, member]) =>
      collectDefinitions(member, key === '' ? name : `${key}.${name}`),
    )
  }
  const info = settingInfo.get(type)
  if (info === undefined) throw new Error(`The setting ${key} has no description`)
  return [{ ...info, key, type, environmentName: toEnvironmentName(key) }]
}
