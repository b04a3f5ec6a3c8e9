import { modesToAsk } from '../../accounts/refresh-plan.ts'
import type { Account } from '../../core/account.ts'
import { chatModes, isMediaMode, servedModes, WEEKLY, type Mode, type ServedMode } from '../../core/model.ts'
import { decidingWindow } from '../../core/quota.ts'
import type { QuotaReport } from '../../core/quota-report.ts'
import { reasonRules } from '../../core/reason.ts'
import type { CallerIdentity } from '../../upstream/rest-call.ts'
import { explainFailure, fine, skipped, type CheckName, type DoctorCheck, type Finding } from './finding.ts'

/** What is asked of the upstream about the chosen account. */
export interface AccountCheckParts {
  /** The one that was chosen, or one that serves; undefined: there is none. */
  readonly findAccount: () => Promise<Account | undefined>
  /** Who it is for the upstream, and which way its requests go. */
  readonly identify: (account: Account, signal: AbortSignal) => CallerIdentity
  readonly fetchSession: (identity: CallerIdentity) => Promise<unknown>
  readonly fetchQuota: (identity: CallerIdentity, modes: readonly Mode[]) => Promise<QuotaReport>
  /** Has a one-word question answered; returns how long the answer is. */
  readonly chat: (account: Account, identity: CallerIdentity, mode: ServedMode) => Promise<number>
  /** False: no query is spent. */
  readonly mayChat: boolean
}

/** The chosen account: its state here, its session, its quota and a one-word chat at the upstream. */
export function accountChecks(parts: AccountCheckParts): readonly DoctorCheck[] {
  let finding: Promise<Account | undefined> | undefined
  const find = (): Promise<Account | undefined> => (finding ??= parts.findAccount())
  const check = (
    name: CheckName,
    timeoutSeconds: number,
    look: (account: Account, identity: CallerIdentity) => Promise<Finding>,
  ): DoctorCheck => ({
    name,
    timeoutSeconds,
    run: async (signal) => {
      const account = await find()
      if (!account) return skipped('There is no account to try.')
      const input = nameAccount(account)
      try {
        return { input, ...(await look(account, parts.identify(account, signal))) }
      } catch (thrown) {
        return explainFailure(thrown, { input })
      }
    },
  })
  return [
    {
      name: 'account',
      timeoutSeconds: 10,
      run: async () => {
        const account = await find()
        return account ? describeState(account) : skipped('There is no account to try.')
      },
    },
    check('session', 20, async (_, identity) => {
      await parts.fetchSession(identity)
      return fine('The upstream knows the account.')
    }),
    check('quota', 30, async (account, identity) =>
      judgeQuota(await parts.fetchQuota(identity, modesToAsk(account))),
    ),
    check('chat', 60, async (account, identity) => {
      if (!parts.mayChat) return skipped('No chat was wanted.')
      const mode = chooseMode(account)
      const length = await parts.chat(account, identity, mode)
      return fine(`A one-word chat in mode ${mode} was answered with ${length} characters.`)
    }),
  ]
}

function nameAccount({ id, tier, label }: Account): string {
  return `account ${id} (${tier}${label === '' ? '' : `, ${label}`})`
}

function describeState(account: Account): Finding {
  const { state } = account
  const input = nameAccount(account)
  if (state.status === 'active') return fine('The account is in service.', input)
  const { reason, evidence } = state.cause
  const rule = reason === undefined ? undefined : reasonRules[reason]
  return {
    status: 'warn',
    message: `The account is ${state.status}: ${rule?.sentence ?? ''} (${evidence})`,
    input,
    reason,
    nextStep: rule?.nextStep ?? 'Bring it back in the admin console when its cause is gone.',
  }
}

function judgeQuota(report: QuotaReport): Finding {
  const told: string[] = []
  let left = 0
  const pool = report[WEEKLY]
  const hasPool = typeof pool === 'object' && !(pool instanceof Error)
  for (const mode of servedModes) {
    const figures = report[mode]
    if (figures instanceof Error) return explainFailure(figures)
    if (!figures || figures === 'absent') continue
    if (!hasPool || isMediaMode(mode)) left += figures.remaining // the pool decides about chats
    told.push(`${mode} ${figures.remaining} of ${figures.total}`)
  }
  if (hasPool) {
    left += pool.remaining
    told.push(`${pool.remaining / (pool.total / 100)} % of the weekly pool`)
  } else if (pool instanceof Error) told.push('the weekly pool is not known')
  if (left > 0) return fine(`Queries left: ${told.join(', ')}.`)
  const { sentence, nextStep } = reasonRules.quota
  const what = told.length > 0 ? told.join(', ') : 'no mode is open to it'
  return { status: 'warn', message: `${sentence} (${what})`, reason: 'quota', nextStep }
}

/** The cheapest mode that has something left. */
function chooseMode(account: Account): ServedMode {
  const hasSome = (mode: ServedMode): boolean => (decidingWindow(account, mode)?.remaining ?? 0) > 0
  if (hasSome('fast')) return 'fast'
  return chatModes.find(hasSome) ?? 'fast'
}
