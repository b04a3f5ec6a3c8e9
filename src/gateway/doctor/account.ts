import { modesToAsk } from '../../accounts/refresh-plan.ts'
import type { Account } from '../../core/account.ts'
import { toGatewayError } from '../../core/error.ts'
import { chatModes, type Mode, type ServedMode } from '../../core/model.ts'
import { decidingWindow } from '../../core/quota.ts'
import type { QuotaReport } from '../../core/quota-report.ts'
import { reasonRules } from '../../core/reason.ts'
import { parseProxyNode } from '../../egress/proxy-node.ts'
import type { CallerIdentity } from '../../upstream/rest-call.ts'
import { judgeQuota } from './account-quota.ts'
import type { SettingFor } from './choose-setting.ts'
import {
  ACCOUNTS_UNREADABLE,
  explainFailure,
  fine,
  skipped,
  type CheckName,
  type DoctorCheck,
  type Finding,
} from './finding.ts'

/** What is asked of the upstream about the chosen account. */
export interface AccountCheckParts {
  /** The account that was asked for; undefined: any that serves. */
  readonly wishedId: number | undefined
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
  readonly settingFor: SettingFor
}

type Found = Account | 'none' | 'unreadable'

type Look = (account: Account, identity: CallerIdentity) => Promise<Finding>

/** The chosen account: its state here, its session, its quota and a one-word chat at the upstream. */
export function accountChecks(parts: AccountCheckParts): readonly DoctorCheck[] {
  let looked: Promise<Found> | undefined
  let known: Account | undefined
  const find = (): Promise<Found> =>
    (looked ??= parts.findAccount().then(
      (account) => (known = account) ?? 'none',
      () => 'unreadable' as const, // why is for the check of the store
    ))
  const subject = () => (known ? { input: nameAccount(known) } : {})
  const check = (name: CheckName, timeoutSeconds: number, look: Look): DoctorCheck => ({
    name,
    timeoutSeconds,
    subject,
    run: async (signal) => {
      const account = await find()
      if (account === 'none' || account === 'unreadable') return skipped('There is no account to try.')
      return lookAtUpstream(parts, { account, name, look, signal })
    },
  })
  return [
    {
      name: 'account',
      timeoutSeconds: 15,
      run: async () => describeFound(await find(), parts.wishedId),
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

interface Asked {
  readonly account: Account
  readonly name: CheckName
  readonly look: Look
  readonly signal: AbortSignal
}

async function lookAtUpstream(
  { identify, settingFor }: AccountCheckParts,
  { account, name, look, signal }: Asked,
): Promise<Finding> {
  const hasOwnProxy = account.sealedProxyUrl !== null
  let input = nameAccount(account)
  try {
    const identity = identify(account, signal)
    if (hasOwnProxy && identity.proxyUrl !== undefined)
      input += ` through its own proxy ${parseProxyNode(identity.proxyUrl, 'the proxy of the account').name}`
    return { input, ...(await look(account, identity)) }
  } catch (thrown) {
    const setting = settingFor(name, toGatewayError(thrown).reason)
    // its own proxy stands at the account, and no setting of the way out has a say in it
    const isOverruled = hasOwnProxy && setting?.startsWith('proxy.egress.') === true
    return explainFailure(thrown, { input, setting: isOverruled ? undefined : setting })
  }
}

function nameAccount({ id, tier, label }: Account): string {
  return `account ${id} (${tier}${label === '' ? '' : `, ${label}`})`
}

function describeFound(found: Found, wishedId: number | undefined): Finding {
  if (found === 'none')
    return wishedId === undefined ? skipped('There is no account to try.') : noSuch(wishedId)
  if (found === 'unreadable') return skipped(ACCOUNTS_UNREADABLE)
  return describeState(found)
}

function noSuch(id: number): Finding {
  return {
    status: 'fail',
    message: `There is no account ${id}.`,
    input: `account ${id}`,
    nextStep: 'Take a number that the list of accounts shows, or name none: then one that serves is tried.',
  }
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

/** The cheapest mode that has something left. */
function chooseMode(account: Account): ServedMode {
  const hasSome = (mode: ServedMode): boolean => (decidingWindow(account, mode)?.remaining ?? 0) > 0
  if (hasSome('fast')) return 'fast'
  return chatModes.find(hasSome) ?? 'fast'
}
