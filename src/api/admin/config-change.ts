import { isDeepStrictEqual } from 'node:util'
import type { SettingsService } from '../../config/settings.ts'
import { parseSettingsPatch, SettingsFaultError } from '../../config/settings-patch.ts'
import { SettingsConflictError } from '../../core/settings-document.ts'
import { GatewayError } from '../../core/error.ts'
import type { SettingsHistory } from '../../store/contract.ts'
import type { Clock } from '../../util/clock.ts'
import { describeError, type Log } from '../../util/log.ts'
import { AdminError, type FieldFault } from './admin-error.ts'

const STARTUP_ONLY = /^account\.(?:storage|local|redis|mysql|postgresql)(?:\.|$)/

/** The name under which a version is kept that no operator saved here: a file changed by hand, or the very first. */
const OUTSIDE = 'outside'

/** What a change of the settings is made with. */
export interface ConfigChangeParts {
  readonly settings: SettingsService
  readonly settingsHistory: SettingsHistory
  readonly clock: Clock
  readonly log: Log
}

/** What became of a change. */
export interface ConfigChange {
  /** The password was changed, and with it every session has ended. */
  readonly loginRequired: boolean
}

/**
 * Makes a change and keeps the version that it led to. What is in force before it is kept too, unless it is the newest
 * version already, so that there always is a version to go back to. Throws what the caller of the API can mend.
 */
export async function changeConfig(
  { settings, settingsHistory, clock, log }: ConfigChangeParts,
  actor: string,
  change: () => Promise<unknown>,
): Promise<ConfigChange> {
  const appKey = settings.current.app.app_key
  await keepPresent({ settings, settingsHistory, clock })
  await change().catch((error: unknown) => {
    throw explain(error)
  })
  await settingsHistory.append({ at: clock(), actor, values: settings.stored }).catch((error: unknown) => {
    // the change is in force; the next one keeps this version as the one before it
    log.error('a version of the settings could not be kept', { error: describeError(error) })
  })
  return { loginRequired: settings.current.app.app_key !== appKey }
}

/** Throws every fault of a patch at once, those found before it included. */
export function checkPatch(settings: SettingsService, patch: unknown, found: readonly FieldFault[]): void {
  const isLocked = (key: string): boolean => settings.origin(key) === 'environment'
  const faults = [...found]
  try {
    parseSettingsPatch(patch, (key) =>
      isLocked(key) ? 'is locked: an environment variable sets it' : undefined,
    )
  } catch (error) {
    if (!(error instanceof SettingsFaultError)) throw error
    faults.push(...error.faults)
  }
  if (faults.length > 0) throw refuse(faults)
}

async function keepPresent({
  settings,
  settingsHistory,
  clock,
}: Omit<ConfigChangeParts, 'log'>): Promise<void> {
  const [newest] = await settingsHistory.list({ limit: 1 })
  if (newest && isDeepStrictEqual(newest.values, settings.stored)) return
  await settingsHistory.append({ at: clock(), actor: OUTSIDE, values: settings.stored })
}

function explain(error: unknown): unknown {
  if (error instanceof SettingsFaultError) return refuse(error.faults)
  if (error instanceof SettingsConflictError) {
    const message = 'The settings were changed by somebody else in the meantime. Load them again.'
    return new AdminError('conflict', message, { cause: error })
  }
  // a listener that fails does so after the change is in force: that is a fault of ours
  if (error instanceof AggregateError) return error
  const message = 'The settings could not be stored; nothing was changed.'
  return new GatewayError('unavailable', message, { cause: error })
}

function refuse(faults: readonly FieldFault[]): AdminError {
  const isStartupOnly = faults.some(({ key }) => STARTUP_ONLY.test(key))
  const count = faults.length === 1 ? 'One setting is' : `${faults.length} settings are`
  return new AdminError(
    isStartupOnly ? 'startup_only_config' : 'invalid_request',
    `${count} refused; nothing was changed.`,
    { fields: faults },
  )
}
