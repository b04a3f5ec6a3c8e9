import { fine, type DoctorCheck, type Finding } from './finding.ts'

/** Something about the settings that an operator should look at. */
export interface SettingWarning {
  readonly key: string
  readonly message: string
  /**
   * What is to be corrected: a stored value; a default that is not enough; one that has no default; a name that is no
   * setting's; or the environment variable that is named in place of the key.
   */
  readonly of: 'value' | 'default' | 'secret' | 'name' | 'environment'
}

/** The stored settings as a whole cannot be read. */
export interface UnreadableSettings {
  /** Where they are: a file's path, or what they are stored in. */
  readonly place: string
  readonly message: string
}

/** What the check of the settings needs. */
export interface SettingsLook {
  readonly warnings: readonly SettingWarning[]
  readonly unreadable: UnreadableSettings | undefined
}

/** The settings: nothing in them was passed over. */
export function checkSettings(look: () => SettingsLook): DoctorCheck {
  return {
    name: 'settings',
    timeoutSeconds: 5,
    run: async () => {
      const { warnings, unreadable } = look()
      const found = [...(unreadable ? [describeUnreadable(unreadable)] : []), ...warnings.map(describe)]
      return found.length > 0 ? found : fine('Every stored setting is in force.')
    },
  }
}

function describeUnreadable({ place, message }: UnreadableSettings): Finding {
  return {
    status: 'fail',
    message: `The stored settings ${message}.`,
    input: place,
    nextStep: 'Repair it, or move it away: no start can read the keys and values that you saved.',
  }
}

const nextSteps: Readonly<Record<SettingWarning['of'], string>> = {
  value: 'Save a new value, or return it to its default.',
  default: 'Save a value, or change what demands one.',
  secret: 'Save a new value: there is no default to return to.',
  name: 'Remove it with a reset, and save the value under the name that was meant.',
  environment: 'Correct or remove this environment variable, and start again.',
}

function describe({ key, message, of }: SettingWarning): Finding {
  return {
    status: 'warn',
    message: `${key} ${message}.`.replace(/\.\.$/, '.'),
    input: key,
    nextStep: nextSteps[of],
    setting: of === 'value' || of === 'name' ? key : undefined,
  }
}
