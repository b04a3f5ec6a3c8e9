import { fine, type DoctorCheck, type Finding } from './finding.ts'

/** Something about the settings that an operator should look at. */
export interface SettingWarning {
  readonly key: string
  readonly message: string
}

/** The settings: nothing in them was passed over. */
export function checkSettings(warnings: () => readonly SettingWarning[]): DoctorCheck {
  return {
    name: 'settings',
    timeoutSeconds: 5,
    run: async () => {
      const found = warnings().map(describe)
      return found.length > 0 ? found : fine('Every stored setting is in force.')
    },
  }
}

function describe({ key, message }: SettingWarning): Finding {
  return {
    status: 'warn',
    message: `${key} ${message}.`.replace(/\.\.$/, '.'),
    input: key,
    nextStep: 'Save a new value, or return it to its default.',
    setting: key,
  }
}
