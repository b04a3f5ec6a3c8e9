import { toGatewayError } from '../../core/error.ts'
import { reasonRules, type Reason } from '../../core/reason.ts'
import { describeError } from '../../util/log.ts'

/** What the doctor looks at, in its order. */
export const checkNames = [
  'data-folder',
  'store',
  'secrets',
  'settings',
  'clock',
  'public-url',
  'proxy',
  'solver',
  'edge',
  'account',
  'session',
  'quota',
  'chat',
  'drift',
] as const

/** One of {@link checkNames}. */
export type CheckName = (typeof checkNames)[number]

/** What one check has found. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped'
  /** What was seen, in a sentence without secrets. */
  readonly message: string
  /** What was looked at, as the operator knows it: a variable and its value, a proxy without its password, an account. */
  readonly input?: string
  /** What to do about it. */
  readonly nextStep?: string | undefined
  /** The setting that is to be corrected, or returned to its default. */
  readonly setting?: string | undefined
  readonly reason?: Reason | undefined
}

/** One thing to look at. */
export interface DoctorCheck {
  readonly name: CheckName
  /** Its longest time; then it counts as failed. */
  readonly timeoutSeconds: number
  /** What it looks at, as far as that is known: told when it throws, or does not end. */
  readonly subject?: () => Pick<Finding, 'input' | 'setting' | 'nextStep'>
  run(signal: AbortSignal): Promise<Finding | readonly Finding[]>
}

/** Why something about accounts is skipped while the store does not answer. */
export const ACCOUNTS_UNREADABLE = 'The accounts cannot be read: see the check of the store.'

/** All is well. */
export function fine(message: string, input?: string): Finding {
  return { status: 'ok', message, ...(input !== undefined && { input }) }
}

/** There is nothing to look at. */
export function skipped(message: string): Finding {
  return { status: 'skipped', message }
}

/** What a thrown failure means, with the next step of its reason; which setting decides it is the check's to say. */
export function explainFailure(thrown: unknown, more: Partial<Finding> = {}): Finding {
  const failure = toGatewayError(thrown)
  const { reason } = failure
  const cause = failure.cause === undefined ? '' : ` (${describeError(failure.cause)})`
  const sentence = reason === undefined ? failure.message : reasonRules[reason].sentence
  return {
    status: 'fail',
    message: sentence + cause,
    reason,
    nextStep: reason === undefined ? undefined : reasonRules[reason].nextStep,
    ...more,
  }
}
