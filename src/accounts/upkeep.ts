import type { Account } from '../core/account.ts'
import { GatewayError, toGatewayError } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import type { QuotaReport } from '../core/quota-report.ts'
import type { Clock } from '../util/clock.ts'
import { describeError, type Log } from '../util/log.ts'
import { mapLimit } from '../util/map-limit.ts'
import type { AccountDirectory } from './directory.ts'
import { applyReport } from './apply-report.ts'
import { judge } from './judge.ts'
import {
  chooseDue,
  chooseForShortage,
  modesForShortage,
  modesToAsk,
  type RefreshIntervals,
  type Shortage,
} from './refresh-plan.ts'

/** The settings of the upkeep (`account.refresh`). */
export interface UpkeepSettings {
  /** False: nothing is asked of the upstream by itself, on schedule or on demand. */
  readonly enabled: boolean
  readonly intervals: RefreshIntervals
  /** Accounts that are asked side by side. */
  readonly concurrency: number
  /** The youngest figures that a request which found no account may have asked for again. */
  readonly onDemandMinIntervalSeconds: number
}

/** What the upstream says about an account. */
export interface UpstreamFindings {
  readonly report: QuotaReport
  /** Who it is there; null if that was not asked, or not told. */
  readonly identity: { readonly userId: string | null; readonly email: string | null } | null
}

export interface UpkeepParts {
  readonly directory: AccountDirectory
  /** Asks the upstream about an account; throws if the account itself is refused. */
  readonly ask: (account: Account, modes: readonly Mode[], signal: AbortSignal) => Promise<UpstreamFindings>
  readonly settings: () => UpkeepSettings
  readonly clock: Clock
  readonly log: Log
}

/** What became of one account that was to be refreshed. */
export type RefreshResult =
  | { readonly id: number; readonly type: 'refreshed' }
  | { readonly id: number; readonly type: 'failed'; readonly failure: GatewayError }

/** Accounts that one run of the schedule takes on at most, in rounds of `concurrency`. */
const ROUNDS_PER_RUN = 4

/** A request that found no account has so many accounts asked again, and waits so long for them. */
const MAX_ON_DEMAND_ACCOUNTS = 8
const MAX_ON_DEMAND_WAIT_MS = 5_000

/** Keeps the accounts' figures true: on schedule, on demand, and when an operator asks. */
export class Upkeep {
  readonly #parts: UpkeepParts
  /** Accounts that are being asked; a second wish waits for the first one's answer. */
  readonly #asking = new Map<number, Promise<RefreshResult>>()

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  /** One run of the schedule: the most overdue accounts, within the budget. Returns how many were asked. */
  async runSchedule(signal: AbortSignal): Promise<number> {
    const { directory, settings, clock } = this.#parts
    const { enabled, intervals, concurrency } = settings()
    if (!enabled) return 0
    const limit = concurrency * ROUNDS_PER_RUN
    const due = chooseDue(directory.accounts(), { now: clock(), intervals, limit })
    await this.refresh(due, signal)
    return due.length
  }

  /** Asks for the figures of these accounts now, whatever their age. */
  refresh(accounts: readonly Account[], signal: AbortSignal): Promise<RefreshResult[]> {
    return mapLimit(accounts, this.#parts.settings().concurrency, (account) =>
      this.#ask(account, modesToAsk(account), signal),
    )
  }

  /**
   * For a request that found no account: asks a few of those that it may have missed by a wrong guess, and waits a
   * bounded time for the first that answers. True if it is worth looking again.
   */
  async refreshForShortage(shortage: Shortage, signal: AbortSignal): Promise<boolean> {
    const { directory, settings, clock } = this.#parts
    const { enabled, onDemandMinIntervalSeconds: minAgeSeconds } = settings()
    if (!enabled) return false
    const limits = { now: clock(), minAgeSeconds, limit: MAX_ON_DEMAND_ACCOUNTS }
    const accounts = chooseForShortage(directory.accounts(), shortage, limits)
    if (accounts.length === 0) return false
    // the asking itself goes on when the client leaves: others wait for it, too
    const answers = accounts.map((account) =>
      this.#ask(account, modesForShortage(account, shortage), AbortSignal.timeout(MAX_ON_DEMAND_WAIT_MS)),
    )
    const left = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new GatewayError('client_closed', 'The client left.')), {
        once: true,
      })
    })
    await Promise.race([Promise.any(answers.map(onlyRefreshed)).catch(() => undefined), left])
    return true
  }

  #ask(account: Account, modes: readonly Mode[], signal: AbortSignal): Promise<RefreshResult> {
    const running = this.#asking.get(account.id)
    if (running) return running
    const asking = this.#askNow(account, modes, signal).finally(() => this.#asking.delete(account.id))
    this.#asking.set(account.id, asking)
    return asking
  }

  async #askNow({ id }: Account, modes: readonly Mode[], signal: AbortSignal): Promise<RefreshResult> {
    const { directory, ask, clock, log } = this.#parts
    const account = directory.find(id)
    if (!account)
      return { id, type: 'failed', failure: new GatewayError('not_found', 'The account is gone.') }
    // what was learnt with a login says nothing about another one that the account was given meanwhile
    const changeAsked = (edit: (current: Account) => Account): void => {
      directory.change(id, (current) =>
        current.credentialHash === account.credentialHash ? edit(current) : current,
      )
    }
    try {
      const { report, identity } = await ask(account, modes, signal)
      changeAsked((current) => ({
        ...applyReport(current, report, clock()),
        upstreamUserId: identity?.userId ?? current.upstreamUserId,
        email: identity?.email ?? current.email,
      }))
      return { id, type: 'refreshed' }
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      const evidence = describeError(failure)
      const { code, reason } = failure
      log.warn('a refresh failed', { account: id, code, reason, error: evidence })
      changeAsked((current) => judge(current, { code, reason, evidence, at: clock() }))
      return { id, type: 'failed', failure }
    }
  }
}

/** Resolves with an account that was refreshed, rejects with one that was not: for `Promise.any`. */
async function onlyRefreshed(asking: Promise<RefreshResult>): Promise<RefreshResult> {
  const result = await asking
  if (result.type === 'failed') throw result.failure
  return result
}
