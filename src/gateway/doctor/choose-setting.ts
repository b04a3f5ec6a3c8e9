import { reasonRules, type Reason } from '../../core/reason.ts'
import type { CheckName, Finding } from './finding.ts'

/** What is known about the settings where a finding names one. */
export interface SettingFacts {
  readonly isChanged: (key: string) => boolean
  /** The environment variable that sets it; undefined: none does. */
  readonly lockedBy: (key: string) => string | undefined
  /** What a challenge says is wrong: it depends on where the clearance comes from. */
  readonly clearanceSetting: () => string
}

/** The setting that decides about a failure with this reason in this check; undefined: none does. */
export type SettingFor = (check: CheckName, reason: Reason | undefined) => string | undefined

/** Settings that only some of the checks heed; what is not named here and is no way out, none does. */
const heededBy: Readonly<Record<string, readonly CheckName[]>> = {
  'upstream.base_url': ['edge', 'proxy', 'session', 'quota', 'chat'],
  'upstream.statsig_value': ['session', 'quota', 'chat'],
  'features.dynamic_statsig': ['session', 'quota', 'chat'],
  'upstream.chat_protocol': ['chat'],
  'chat.timeout': ['chat'],
}

/** Chooses a setting that the check depends on: one that was changed; else one whose default may be what is wrong. */
export function chooseSetting(facts: SettingFacts): SettingFor {
  return (check, reason) => {
    if (reason === undefined) return undefined
    if (reason === 'challenge') return facts.clearanceSetting()
    const heeded = reasonRules[reason].settings.filter(
      (key) => key.startsWith('proxy.') || heededBy[key]?.includes(check) === true,
    )
    // nothing is wrong with the upstream's usual address, or with no proxy
    const mayBeWrong = (key: string): boolean =>
      key !== 'upstream.base_url' && !key.startsWith('proxy.egress.')
    return heeded.find(facts.isChanged) ?? heeded.find(mayBeWrong)
  }
}

/** The finding without a setting that the environment locks: it says which variable to change instead. */
export function unlockSetting<Kind extends Finding>(finding: Kind, { lockedBy }: SettingFacts): Kind {
  const { setting, nextStep } = finding
  const variable = setting === undefined ? undefined : lockedBy(setting)
  if (variable === undefined) return finding
  const instead = `${setting} is set by the environment variable ${variable}: change it there, and start again.`
  return {
    ...finding,
    setting: undefined,
    nextStep: nextStep === undefined ? instead : `${nextStep} ${instead}`,
  }
}
