import type { Account, AccountCondition, AccountState, FailureStreak, StateCause } from '../core/account.ts'
import type { ErrorCode } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import type { Reason } from '../core/reason.ts'
import { exhaust, refundOne, type QuotaWindow } from '../core/quota.ts'

/** How one use of an account ended. */
export type Outcome =
  | { readonly type: 'success' }
  | {
      readonly type: 'failure'
      readonly code: ErrorCode
      readonly reason?: Reason | undefined
      /** What was seen, in a sentence without secrets; kept with the account. */
      readonly evidence: string
      readonly retryAfterSeconds?: number
    }
  /** The client left, or the gateway itself failed: nobody's fault. */
  | { readonly type: 'abandoned' }

export interface FeedbackContext {
  readonly mode: Mode
  readonly now: number
  /** Whether the upstream began to answer, so that the query counts as used. */
  readonly served: boolean
  /** When another account last succeeded (epoch ms): tells a sick account from a sick upstream. */
  readonly poolSucceededAt: number
  /** False when this client request has already counted an ambiguous failure against another account. */
  readonly mayPenalise: boolean
}

/** How fast health comes back by itself: half of what is missing in this time. */
const HEALTH_HALF_LIFE_MS = 600_000
const HEALTH_ON_FAILURE = 0.7
const HEALTH_ON_SUCCESS = 0.3

/** Ambiguous failures in a row, while other accounts succeed, after which an account is put to cool. */
const STREAK_LIMIT = 3
const FIRST_COOLING_MS = 30_000
const MAX_COOLING_MS = 1_800_000

/** The shortest pause for a mode after a 429, whatever its `Retry-After` says. */
const MIN_MODE_COOLDOWN_SECONDS = 1

/** The longest pause for a mode when the upstream gave a 429 but no time. */
const MAX_BLIND_MODE_COOLDOWN_MS = 3_600_000

/** Failures that may be the account's, the way out's or the upstream's fault. */
const ambiguous: ReadonlySet<ErrorCode> = new Set([
  'egress_rejected',
  'upstream_unavailable',
  'upstream_timeout',
])

/** Health as of `now`: what was lost comes back with time, so that nobody is shut out for an old failure. */
export function healthAt(condition: Pick<AccountCondition, 'health' | 'healthAt'>, now: number): number {
  if (condition.health >= 1) return 1
  const elapsedMs = Math.max(0, now - condition.healthAt) // the clock of another process may be ahead
  const missing = (1 - condition.health) * 2 ** (-elapsedMs / HEALTH_HALF_LIFE_MS)
  return 1 - missing
}

/**
 * The next condition of an account after one use (spec/control-plane.md §13.2 items 6, 7; spec/upstream-chat.md §8.4).
 * Pure: only credential death, suspension and quota change the state at once; ambiguous failures do so after a streak
 * that other accounts did not share; everything else leaves the account alone.
 */
export function applyFeedback(
  condition: AccountCondition,
  outcome: Outcome,
  context: FeedbackContext,
): AccountCondition {
  if (outcome.type === 'success') return afterSuccess(condition, context)
  const settled = context.served ? condition : refund(condition, context.mode)
  if (outcome.type === 'abandoned') return settled
  const cause = causeOf(outcome, context.now)
  if (outcome.code === 'rate_limited') return coolMode(settled, cause, context, outcome.retryAfterSeconds)
  if (!isInService(settled)) return settled // what was still in flight must not lead back into service
  if (outcome.code === 'credential_invalid') return { ...settled, state: { status: 'needs-login', cause } }
  if (outcome.code === 'account_blocked') return { ...settled, state: { status: 'suspended', cause } }
  if (ambiguous.has(outcome.code)) return afterAmbiguous(settled, cause, context)
  return settled
}

/** A failure as it is kept with the account. */
export function causeOf(
  { code, reason, evidence }: Extract<Outcome, { readonly type: 'failure' }>,
  at: number,
): StateCause {
  return { code, ...(reason !== undefined && { reason }), evidence, at }
}

/** The account with the outcome in its counts. */
export function countOutcome(account: Account, outcome: Outcome, now: number): Account {
  if (outcome.type === 'success') return { ...account, successCount: account.successCount + 1 }
  if (outcome.type === 'abandoned') return account
  return { ...account, failureCount: account.failureCount + 1, lastFailure: causeOf(outcome, now) }
}

function isInService({ state }: AccountCondition): boolean {
  return state.status === 'active' || state.status === 'cooling'
}

function afterSuccess(condition: AccountCondition, { now }: FeedbackContext): AccountCondition {
  const health = healthAt(condition, now)
  const isRecovered = condition.state.status === 'cooling'
  return {
    ...condition,
    state: isRecovered ? { status: 'active' } : condition.state,
    health: health + (1 - health) * HEALTH_ON_SUCCESS,
    healthAt: now,
    streak: null,
    coolings: 0,
  }
}

function afterAmbiguous(
  condition: AccountCondition,
  cause: StateCause,
  context: FeedbackContext,
): AccountCondition {
  const { now, mayPenalise, poolSucceededAt } = context
  const { state } = condition
  // before its time it is no failed trial: it was in flight already when the account was put to cool
  if (!mayPenalise || (state.status === 'cooling' && now < state.until)) return condition
  const streak: FailureStreak = {
    count: (condition.streak?.count ?? 0) + 1,
    startedAt: condition.streak?.startedAt ?? now,
  }
  const next = { ...condition, health: healthAt(condition, now) * HEALTH_ON_FAILURE, healthAt: now, streak }
  const isAlone = streak.count >= STREAK_LIMIT && poolSucceededAt >= streak.startedAt
  if (state.status !== 'cooling' && !isAlone) return next
  return {
    ...next,
    state: cooling(condition.coolings, cause),
    coolings: condition.coolings + 1,
    streak: null,
  }
}

function cooling(earlierCoolings: number, cause: StateCause): AccountState {
  const pause = Math.min(MAX_COOLING_MS, FIRST_COOLING_MS * 2 ** earlierCoolings)
  return { status: 'cooling', until: cause.at + pause, cause }
}

function coolMode(
  condition: AccountCondition,
  cause: StateCause,
  { mode, now }: FeedbackContext,
  retryAfterSeconds: number | undefined,
): AccountCondition {
  const window = condition.quota[mode]
  const until =
    retryAfterSeconds === undefined
      ? blindReset(window, now)
      : now + Math.max(MIN_MODE_COOLDOWN_SECONDS, retryAfterSeconds) * 1000
  return {
    ...condition,
    modeCooldowns: { ...condition.modeCooldowns, [mode]: { until, cause } },
    quota: window ? { ...condition.quota, [mode]: exhaust(window, until) } : condition.quota,
  }
}

function blindReset(window: QuotaWindow | undefined, now: number): number {
  const latest = now + MAX_BLIND_MODE_COOLDOWN_MS
  return window?.resetAt && window.resetAt > now ? Math.min(window.resetAt, latest) : latest
}

function refund(condition: AccountCondition, mode: Mode): AccountCondition {
  const window = condition.quota[mode]
  return window ? { ...condition, quota: { ...condition.quota, [mode]: refundOne(window) } } : condition
}
