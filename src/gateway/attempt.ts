import type { AccountDirectory } from '../accounts/directory.ts'
import { leaseAccount, type AccountLease, type LeaseParts } from '../accounts/lease.ts'
import type { Shortage } from '../accounts/refresh-plan.ts'
import type { ReserveQuery } from '../accounts/reserve-query.ts'
import { GatewayError, toGatewayError, type ErrorCode } from '../core/error.ts'
import { modeOrder, poolOrder, type Model } from '../core/model.ts'
import type { WayOut } from '../egress/way-out.ts'
import { describeError, type Log } from '../util/log.ts'
import { openGuarded } from '../util/streams/guard-stream.ts'
import { lateStream } from '../util/streams/late-stream.ts'
import { startStream } from '../util/streams/start-stream.ts'
import { noAccount } from './no-account.ts'
import { WayOutRotation, type WayOutParts } from './way-out-rotation.ts'

/** The settings that bound the attempts of one request. */
export interface AttemptSettings {
  /** Further accounts after the first. */
  readonly maxRetries: number
  /** Statuses of the upstream after which another account is tried; failures without a status always are. */
  readonly retryStatuses: readonly number[]
  readonly autoModeFallback: boolean
}

/** The parts that every call to the upstream needs. */
export interface AttemptParts extends LeaseParts, WayOutParts {
  /** Asks the upstream about accounts that may have been missed by a wrong guess; true: look again. */
  readonly refreshForShortage: (shortage: Shortage, signal: AbortSignal) => Promise<boolean>
  readonly settings: () => AttemptSettings
}

/** An account and a way out for one attempt. */
export interface Attempt {
  readonly lease: AccountLease
  readonly wayOut: WayOut
}

/** What is asked for, and who asks. */
export interface AttemptPlan {
  readonly model: Model
  /** Names the request in the log. */
  readonly requestId: string
  readonly signal: AbortSignal
  /** The account that is asked first if it can serve. */
  readonly preferAccountId?: number | undefined
  /** No other account will do: what is asked for belongs to that one. */
  readonly mustPrefer?: boolean
  /** False: an earlier try of the same request has counted against an account already. */
  readonly mayPenalise?: boolean
  /** Asked after a failure; false: the caller has spent what it may, and no other account is tried. */
  readonly mayRepeat?: () => boolean
}

/** Failures for which one client request may count against one account only (spec/demand.md row 2). */
export const ambiguousFailures: ReadonlySet<ErrorCode> = new Set([
  'egress_rejected',
  'upstream_unavailable',
  'upstream_timeout',
])

/** Opens what is asked for as one account. */
export type OpenAttempt<Item> = (attempt: Attempt) => AsyncGenerator<readonly Item[]>

/**
 * The only lease-call-report-retry loop: runs `open` with one account after another until one answers. The first batch
 * is proof of an answer; after it nothing is retried, so that no output is ever repeated. A failing way out gives place to
 * another one before another account is asked. Leaving early (`return()`)
 * closes the upstream's stream and gives the account back without blame.
 */
export function attempt<Item>(
  parts: AttemptParts,
  plan: AttemptPlan,
  open: OpenAttempt<Item>,
): AsyncGenerator<readonly Item[]> {
  return lateStream(() => findAnswer(parts, plan, open))
}

async function findAnswer<Item>(
  parts: AttemptParts,
  plan: AttemptPlan,
  open: OpenAttempt<Item>,
): Promise<AsyncGenerator<readonly Item[]>> {
  const { maxRetries, retryStatuses, autoModeFallback } = parts.settings()
  const tried = new Set<number>()
  const query = {
    tiers: poolOrder(plan.model),
    modes: modeOrder(plan.model, autoModeFallback),
    exclude: tried,
    prefer: plan.preferAccountId,
    ...(plan.mustPrefer && { mustPrefer: true }),
  }
  const blame = { isSpent: plan.mayPenalise === false }
  let failure: GatewayError | undefined
  for (let retries = 0; retries <= maxRetries; retries++) {
    const lease = await leaseOrRefresh(parts, query, plan.signal)
    if (!lease) break
    try {
      return await startAnswer(parts, plan, { lease, blame, open })
    } catch (thrown) {
      failure = toGatewayError(thrown)
      // a rate limit holds for the mode: the same account may serve the next one
      if (failure.code !== 'rate_limited') tried.add(lease.accountId)
      if (!mayGoOn(plan) || !mayRetry(failure, retryStatuses)) throw failure
    }
  }
  throw failure
    ? withRetryAfter(failure, parts.directory, query)
    : noAccount(parts.directory, query, plan.model)
}

/** One account's part in a request. */
interface Run<Item> {
  readonly lease: AccountLease
  /** Shared by all accounts of the request: spent with the first ambiguous failure. */
  readonly blame: { isSpent: boolean }
  readonly open: OpenAttempt<Item>
}

/** The answer of one account, which is given back when that is over; rejects if it fails before its first batch. */
function startAnswer<Item>(
  parts: AttemptParts,
  plan: AttemptPlan,
  { lease, blame, open }: Run<Item>,
): Promise<AsyncGenerator<readonly Item[]>> {
  const ways = new WayOutRotation(parts, lease)
  let delivered = false
  const start = async () => {
    const answer = await startOverWays(parts, plan, { ways, open: (wayOut) => open({ lease, wayOut }) })
    delivered = true
    return answer
  }
  const settle = (thrown: unknown): GatewayError => {
    const failure = toGatewayError(thrown)
    if (!ways.absolves(failure)) {
      reportFailure(lease, failure, !blame.isSpent)
      if (ambiguousFailures.has(failure.code)) blame.isSpent = true
    }
    logFailure(parts.log, plan, { lease, ways, failure, delivered })
    return failure
  }
  return openGuarded(start, {
    onEnd: () => lease.report({ type: 'success' }),
    explain: settle,
    release: () => lease[Symbol.asyncDispose](),
  })
}

interface OpenOverWays<Item> {
  readonly ways: WayOutRotation
  readonly open: (wayOut: WayOut) => AsyncGenerator<readonly Item[]>
}

/** One way out after another, until one carries the first batch. */
async function startOverWays<Item>(
  parts: AttemptParts,
  plan: AttemptPlan,
  { ways, open }: OpenOverWays<Item>,
): Promise<AsyncGenerator<readonly Item[]>> {
  // bounded by the ways that a rotation gives
  for (;;) {
    const wayOut = ways.current
    try {
      return await startStream(open(wayOut))
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      if (!mayGoOn(plan) || !ways.turn(failure)) throw failure
      const fields = { requestId: plan.requestId, wayOut: wayOut.id, reason: failure.reason }
      parts.log.warn('a way out failed', { ...fields, error: describeError(failure) })
    }
  }
}

/** Whether anybody still waits for an answer and pays for another try. */
function mayGoOn({ signal, mayRepeat }: AttemptPlan): boolean {
  return !signal.aborted && mayRepeat?.() !== false
}

/** An account at once, or after those that seemed used up were asked; only the latter waits. */
async function leaseOrRefresh(
  parts: AttemptParts,
  query: ReserveQuery,
  signal: AbortSignal,
): Promise<AccountLease | undefined> {
  const lease = await leaseAccount(parts, query)
  if (lease || query.exclude.size > 0 || query.mustPrefer === true) return lease
  return (await parts.refreshForShortage(query, signal)) ? leaseAccount(parts, query) : undefined
}

function reportFailure(lease: AccountLease, failure: GatewayError, mayPenalise: boolean): void {
  const { code, reason, retryAfterSeconds } = failure
  if (code === 'client_closed' || code === 'internal' || code === 'unavailable') return // given back without blame
  const evidence = describeError(failure)
  const outcome = {
    type: 'failure',
    code,
    reason,
    evidence,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  } as const
  lease.report(outcome, { mayPenalise })
}

function mayRetry({ retry, upstreamStatus }: GatewayError, retryStatuses: readonly number[]): boolean {
  return retry === 'other-account' && (upstreamStatus === undefined || retryStatuses.includes(upstreamStatus))
}

/** A 429 always says when to come back. */
function withRetryAfter(
  failure: GatewayError,
  directory: AccountDirectory,
  query: ReserveQuery,
): GatewayError {
  if (failure.status !== 429 || failure.retryAfterSeconds !== undefined) return failure
  const { code, message, cause, reason } = failure
  const { retryAfterSeconds } = directory.shortfall(query)
  return new GatewayError(code, message, { cause, reason, retryAfterSeconds })
}

interface Failed {
  readonly lease: AccountLease
  readonly ways: WayOutRotation
  readonly failure: GatewayError
  readonly delivered: boolean
}

function logFailure(
  log: Log,
  { model, requestId }: AttemptPlan,
  { lease, ways, failure, delivered }: Failed,
): void {
  const fields = {
    requestId,
    model: model.id,
    mode: lease.mode,
    account: lease.accountId,
    wayOut: ways.id,
    code: failure.code,
    reason: failure.reason,
    delivered,
  }
  if (failure.code === 'client_closed') log.info('the client left', fields)
  else log.warn('an attempt failed', { ...fields, error: describeError(failure) })
}
