import { isDeepStrictEqual } from 'node:util'
import { definitionsByKey, toEnvironmentName } from './config/definitions.ts'
import { getAtKey } from './config/document-path.ts'
import { isGeneratedKey } from './config/generated-secrets.ts'
import type { SettingsWarning } from './config/layers.ts'
import type { SettingsService } from './config/settings.ts'
import { STORED_SETTINGS } from './config/settings-state.ts'
import type { StartupOptions } from './config/startup.ts'
import type { SettingFacts } from './gateway/doctor/choose-setting.ts'
import type { ApiKeys } from './gateway/doctor/secrets.ts'
import type { SettingsLook, SettingWarning } from './gateway/doctor/settings.ts'

/** What the doctor wants to know of the settings that it names. */
export function settingFacts(settings: SettingsService): SettingFacts {
  return {
    isChanged: (key) => settings.origin(key) !== 'default',
    lockedBy: (key) => (settings.origin(key) === 'environment' ? toEnvironmentName(key) : undefined),
    clearanceSetting: () => clearanceSettings[settings.current.proxy.clearance.mode],
  }
}

/** What the doctor's check of the settings looks at. */
export function lookAtSettings(settings: SettingsService, startup: StartupOptions): SettingsLook {
  const { warnings } = settings
  const fault = warnings.find(isFault)
  const others = warnings.filter((warning) => !isFault(warning) && !isNotYetMade(settings, warning))
  const { accountStorage, configLocalPath } = startup
  const place = accountStorage === 'local' ? configLocalPath : `ACCOUNT_STORAGE ${accountStorage}`
  return {
    warnings: others.map((warning) => describeWarning(settings, warning)),
    unreadable: fault && { place, message: fault.message },
  }
}

/** The API keys in force; a doctor on its own may meet none, because only a start makes them. */
export function apiKeysInForce(settings: SettingsService): ApiKeys {
  if (!isMadeAtStart(settings, 'app.api_key')) return settings.current.app.api_key
  return settings.warnings.some(isFault) ? 'unreadable' : 'made-at-start'
}

/** What a challenge says is wrong, by where the clearance comes from. */
const clearanceSettings = {
  none: 'proxy.clearance.mode',
  manual: 'proxy.clearance.cf_cookies',
  flaresolverr: 'proxy.clearance.flaresolverr_url',
} as const

function isFault({ key }: SettingsWarning): boolean {
  return key === STORED_SETTINGS
}

/** A key that nobody gave and that is not made up yet. */
function isMadeAtStart(settings: SettingsService, key: string): boolean {
  if (!isGeneratedKey(key) || settings.origin(key) !== 'default') return false
  const value = getAtKey(settings.current, key)
  return value === '' || (Array.isArray(value) && value.length === 0)
}

/** A warning about what the next start makes. */
function isNotYetMade(settings: SettingsService, { key, origin }: SettingsWarning): boolean {
  return origin === 'default' && isMadeAtStart(settings, key)
}

function describeWarning(settings: SettingsService, warning: SettingsWarning): SettingWarning {
  const { key, message, origin } = warning
  if (origin === 'environment') {
    const isVariable = !key.includes('.') // a name that no setting has is told as it is
    return { key: isVariable ? key : toEnvironmentName(key), message, of: 'environment' }
  }
  if (isGeneratedKey(key)) return { key, message, of: 'secret' }
  const definition = definitionsByKey.get(key)
  if (!definition) return { key, message, of: 'name' }
  // the stored value may be none that is in force, and then there is something to remove
  const isDefault = isDeepStrictEqual(getAtKey(settings.current, key), definition.default)
  const isIgnored = origin === 'stored' && settings.origin(key) !== 'stored'
  return { key, message, of: isDefault && !isIgnored ? 'default' : 'value' }
}
