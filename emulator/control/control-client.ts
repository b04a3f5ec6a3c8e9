import type { Behaviour, BehaviourPatch } from '../state/behaviour.ts'
import type { Account } from '../state/accounts.ts'
import type { Counters } from '../state/counters.ts'
import type { FaultRule, FaultRuleInput } from '../state/faults.ts'
import type { Generation, GenerationState } from '../state/generations.ts'
import type { MediaKind } from '../state/media-quotas.ts'
import type { Mode } from '../state/modes.ts'
import type { OwnerSettings } from '../state/owner-settings.ts'
import type { QuotaView } from '../state/quotas.ts'
import type { RecordedRequest } from '../state/request-log.ts'
import type { WeeklyPoolView } from '../state/weekly-pools.ts'
import type { AccountInput, AccountPatch, RequestFilter } from './control-schema.ts'

/** Quota windows by mode. */
export type QuotaViews = Partial<Record<Mode, QuotaView>>

/** An account with its quota windows. */
export interface AccountView extends Account {
  readonly quotas: QuotaViews
  readonly mediaQuotas: Partial<Record<MediaKind, QuotaView>>
  /** Null on an account without a pool. */
  readonly weekly: WeeklyPoolView | null
  readonly ownerSettings: OwnerSettings
}

/** A generation with its state now. */
export interface GenerationView extends Generation {
  readonly state: GenerationState
}

/** Steers and inspects a running emulator; every call throws when the emulator refuses it. */
export interface EmulatorControl {
  /** Back to the state after a start: default accounts, full windows, no faults, no record, real time. */
  reset(): Promise<void>
  accounts(): Promise<readonly AccountView[]>
  /** Makes these accounts the only ones; only the token is needed of each. */
  setAccounts(accounts: readonly AccountInput[]): Promise<readonly AccountView[]>
  /** Adds an account or replaces the one with the same token; its quota windows stay. */
  putAccount(account: AccountInput): Promise<AccountView>
  patchAccount(token: string, patch: AccountPatch): Promise<AccountView>
  removeAccount(token: string): Promise<void>
  /** The quota windows of every account, by token. */
  quotas(): Promise<Readonly<Record<string, QuotaViews>>>
  addFault(rule: FaultRuleInput): Promise<FaultRule>
  faults(): Promise<readonly FaultRule[]>
  removeFault(id: string): Promise<void>
  clearFaults(): Promise<void>
  behaviour(): Promise<Behaviour>
  setBehaviour(patch: BehaviourPatch): Promise<Behaviour>
  requests(filter?: RequestFilter): Promise<readonly RecordedRequest[]>
  /** Waits until a request fits the filter and returns the newest; throws after `timeoutMilliseconds` (2000). */
  waitForRequest(filter: RequestFilter, timeoutMilliseconds?: number): Promise<RecordedRequest>
  /** Forgets the record and restarts the counters. */
  clearRequests(): Promise<void>
  counters(): Promise<Counters>
  /** Every picture, edit and clip that was ever asked for, oldest first. */
  generations(): Promise<readonly GenerationView[]>
  /** Moves the emulator's clock forward and returns its time. */
  advanceClock(seconds: number): Promise<string>
}

const WAIT_MILLISECONDS = 2000
const POLL_MILLISECONDS = 5

/** A typed client for the control routes of the emulator at `url` (`http://host:port`). */
export function createEmulatorControl(url: string): EmulatorControl {
  const call = caller(url)
  const requests = async (filter: RequestFilter = {}) => {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(filter)) {
      if (value !== undefined) query.set(key, String(value))
    }
    const answer = await call<{ requests: RecordedRequest[] }>('GET', `/requests?${query.toString()}`)
    return answer.requests
  }
  return {
    ...accountCalls(call),
    ...faultCalls(call),
    reset: () => call('POST', '/reset'),
    behaviour: () => call('GET', '/behaviour'),
    setBehaviour: (patch) => call('PATCH', '/behaviour', patch),
    requests,
    waitForRequest: async (filter, timeoutMilliseconds = WAIT_MILLISECONDS) => {
      const deadline = Date.now() + timeoutMilliseconds
      for (;;) {
        const newest = (await requests(filter)).at(-1)
        if (newest !== undefined) return newest
        if (Date.now() > deadline) throw new Error(`no request fits ${JSON.stringify(filter)}`)
        await Bun.sleep(POLL_MILLISECONDS)
      }
    },
    clearRequests: () => call('DELETE', '/requests'),
    counters: () => call('GET', '/counters'),
    generations: async () =>
      (await call<{ generations: GenerationView[] }>('GET', '/generations')).generations,
    advanceClock: async (seconds) => (await call<{ now: string }>('POST', '/clock/advance', { seconds })).now,
  }
}

type Call = <Answer>(method: string, path: string, body?: unknown) => Promise<Answer>

type AccountCalls = Pick<
  EmulatorControl,
  'accounts' | 'setAccounts' | 'putAccount' | 'patchAccount' | 'removeAccount' | 'quotas'
>

function accountCalls(call: Call): AccountCalls {
  const pathOf = (token: string): string => `/accounts/${encodeURIComponent(token)}`
  return {
    accounts: async () => (await call<{ accounts: AccountView[] }>('GET', '/accounts')).accounts,
    setAccounts: async (accounts) =>
      (await call<{ accounts: AccountView[] }>('PUT', '/accounts', { accounts })).accounts,
    putAccount: (account) => call('PUT', pathOf(account.token), account),
    patchAccount: (token, patch) => call('PATCH', pathOf(token), patch),
    removeAccount: (token) => call('DELETE', pathOf(token)),
    quotas: async () => (await call<{ quotas: Record<string, QuotaViews> }>('GET', '/quotas')).quotas,
  }
}

function faultCalls(
  call: Call,
): Pick<EmulatorControl, 'addFault' | 'faults' | 'removeFault' | 'clearFaults'> {
  return {
    addFault: (rule) => call('POST', '/faults', rule),
    faults: async () => (await call<{ faults: FaultRule[] }>('GET', '/faults')).faults,
    removeFault: (id) => call('DELETE', `/faults/${encodeURIComponent(id)}`),
    clearFaults: () => call('DELETE', '/faults'),
  }
}

function caller(url: string): Call {
  return async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(`${url}/__emulator${path}`, { method, ...init })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    // The emulator is ours and of the same version, so its answers are trusted to have the declared shape.
    return JSON.parse(text === '' ? 'null' : text)
  }
}
