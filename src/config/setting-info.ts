import { z } from 'zod'

/** When a saved change takes effect. */
export type SettingEffect = 'live' | 'next cycle' | 'restart'

/** What a form field, a coercion from text and the documentation need to know of the type. */
export type SettingKind =
  | 'switch'
  | 'number'
  | 'whole-number'
  | 'text'
  | 'long-text'
  | 'choice'
  | 'text-list'
  | 'number-list'

/** The plain value of one setting. */
export type SettingValue = boolean | number | string | readonly string[] | readonly number[]

/** Everything about a setting that its zod type does not say. */
export interface SettingInfo {
  readonly kind: SettingKind
  readonly default: SettingValue
  /** One sentence, shown in the documentation, the sample file and the admin form. */
  readonly description: string
  readonly effect: SettingEffect
  readonly unit?: string
  /** Never shown in a log, a warning or an admin answer. */
  readonly secret?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly choices?: readonly string[]
}

/** What a group file states about each of its settings. */
export interface SettingOptions<Value> {
  readonly default: Value
  readonly description: string
  readonly effect?: SettingEffect
  readonly unit?: string
  readonly secret?: boolean
}

/** Ties each leaf of the settings schema to its description; the leaf itself stays an ordinary zod type. */
export const settingInfo = z.registry<SettingInfo>()

/** Registers a leaf type as a setting; changes are live unless the options say otherwise. */
export function describeSetting<Type extends z.ZodType>(
  type: Type,
  info: Omit<SettingInfo, 'effect'> & { readonly effect?: SettingEffect },
): Type {
  settingInfo.add(type, { ...info, effect: info.effect ?? 'live' })
  return type
}
