import { z } from 'zod'
import { describeSetting, type SettingKind, type SettingOptions } from './setting-info.ts'

interface NumberOptions extends SettingOptions<number> {
  readonly minimum: number
  readonly maximum: number
}

interface TextOptions extends SettingOptions<string> {
  readonly kind?: SettingKind
  /** Brings the text into its one stored form; must leave its own output alone. */
  readonly clean?: (text: string) => string
  /** Why a cleaned text is refused, without repeating it (it may be a secret). */
  readonly findProblem?: (text: string) => string | undefined
}

interface ListOptions extends SettingOptions<readonly string[]> {
  readonly findProblem?: (item: string) => string | undefined
}

type ChoiceOptions<Choice extends string> = SettingOptions<Choice> & { readonly choices: readonly Choice[] }

const TEXT_LENGTH_LIMIT = 16_384
const LONG_TEXT_LENGTH_LIMIT = 200_000
const LIST_LENGTH_LIMIT = 1_000
const LIST_SEPARATOR = /[,\r\n]+/
const LOWEST_STATUS = 100
const HIGHEST_STATUS = 599

/** A yes-or-no setting. */
export function flag(options: SettingOptions<boolean>) {
  return describeSetting(z.boolean({ error: 'must be true or false' }), { kind: 'switch', ...options })
}

/** A whole number between two bounds. */
export function wholeNumber(options: NumberOptions) {
  const { minimum, maximum } = options
  const error = `must be a whole number from ${minimum} to ${maximum}`
  const type = z.int({ error }).min(minimum, { error }).max(maximum, { error })
  return describeSetting(type, { kind: 'whole-number', ...options })
}

/** A number between two bounds, fractions allowed. */
export function decimal(options: NumberOptions) {
  const { minimum, maximum } = options
  const error = `must be a number from ${minimum} to ${maximum}`
  const type = z.number({ error }).min(minimum, { error }).max(maximum, { error })
  return describeSetting(type, { kind: 'number', ...options })
}

/** One of a few words; upper and lower case are the same. */
export function choice<const Choice extends string>(options: ChoiceOptions<Choice>) {
  const { choices } = options
  const fold = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    const word = value.trim().toLowerCase()
    return choices.find((choice) => choice.toLowerCase() === word) ?? value
  }
  const type = z.preprocess(fold, z.enum(choices, { error: `must be one of ${choices.join(', ')}` }))
  return describeSetting(type, { kind: 'choice', ...options })
}

/** One line of text (several when `kind` is `long-text`). */
export function text({ clean, findProblem, ...options }: TextOptions) {
  const isLong = options.kind === 'long-text'
  const lengthLimit = isLong ? LONG_TEXT_LENGTH_LIMIT : TEXT_LENGTH_LIMIT
  const type = z
    .string({ error: 'must be text' })
    .max(lengthLimit, { error: `must have at most ${lengthLimit} characters` })
    .transform((value) => (clean === undefined ? value : clean(value)))
    .superRefine((value, context) => {
      const problem = findTextProblem(value, isLong) ?? findProblem?.(value)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    })
  return describeSetting(type, { kind: 'text', ...options })
}

/** A list of texts, also accepted as one text split at commas and line ends. */
export function textList({ findProblem, ...options }: ListOptions) {
  const type = z
    .union([z.string(), z.array(z.string())], { error: 'must be text or a list of texts' })
    .transform((value, context) => {
      const items = splitList(value)
      // "," is not an empty list but a mistake, and an empty list of keys opens the API: do not guess.
      if (items.length === 0 && !isPlainlyEmpty(value)) {
        context.addIssue({ code: 'custom', message: 'contains separators but no entry' })
      }
      if (items.length > LIST_LENGTH_LIMIT) {
        context.addIssue({ code: 'custom', message: `must have at most ${LIST_LENGTH_LIMIT} entries` })
      }
      items.forEach((item, index) => {
        const problem = findItemProblem(item) ?? findProblem?.(item)
        if (problem !== undefined) {
          context.addIssue({ code: 'custom', message: `entry ${index + 1} ${problem}` })
        }
      })
      return items
    })
  return describeSetting(type, { kind: 'text-list', ...options })
}

/** A list of HTTP statuses, also accepted as comma-separated text or as a single number. */
export function statusList(options: SettingOptions<readonly number[]>) {
  const item = z.union([z.string(), z.number()])
  const type = z
    .union([item, z.array(item)], { error: 'must be a list of HTTP statuses or comma-separated text' })
    .transform((value) => splitList(Array.isArray(value) ? value.map(String) : String(value)).map(Number))
    .refine((codes) => codes.length <= LIST_LENGTH_LIMIT && codes.every(isStatus), {
      error: `must contain only HTTP statuses from ${LOWEST_STATUS} to ${HIGHEST_STATUS}`,
    })
  return describeSetting(type, { kind: 'number-list', ...options })
}

function splitList(value: string | readonly string[]): string[] {
  const texts = typeof value === 'string' ? [value] : value
  return texts.flatMap((part) => part.split(LIST_SEPARATOR).map((item) => item.trim())).filter(Boolean)
}

function isPlainlyEmpty(value: string | readonly string[]): boolean {
  return typeof value === 'string' ? value.trim() === '' : value.length === 0
}

function isStatus(code: number): boolean {
  return Number.isInteger(code) && code >= LOWEST_STATUS && code <= HIGHEST_STATUS
}

function findTextProblem(value: string, isLong: boolean): string | undefined {
  // A lone surrogate does not survive UTF-8, so the stored value would differ from the saved one.
  if (!value.isWellFormed()) return 'contains a broken character'
  const visible = isLong ? value.replaceAll(/[\t\r\n]/g, '') : value
  return /\p{Cc}/u.test(visible) ? 'must not contain control characters' : undefined
}

function findItemProblem(item: string): string | undefined {
  return item.length > TEXT_LENGTH_LIMIT ? 'is too long' : findTextProblem(item, false)
}
