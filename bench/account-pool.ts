import { AccountDirectory } from '../src/accounts/directory.ts'
import { accountForTests } from '../src/core/account-for-tests.ts'
import type { Account, AccountState } from '../src/core/account.ts'
import type { Tier } from '../src/core/model.ts'
import { defaultQuota, type Quota, type QuotaWindow } from '../src/core/quota.ts'

/** A directory full of accounts, with a clock of its own. */
export interface Pool {
  readonly directory: AccountDirectory
  /** Lets the time between two requests pass: the larger the pool, the shorter. */
  advance(): void
}

const START_MS = 1_790_000_000_000
/** So often is each account asked on average: what its windows can bear. */
const PICKS_PER_ACCOUNT_HOUR = 0.5
const HOUR_MS = 3_600_000

/** Accounts as a used pool has them: three tiers, half-spent and empty windows, some that rest, some out of order. */
export function makePool(size: number): Pool {
  const random = seededRandom(size)
  let now = START_MS
  const directory = new AccountDirectory({
    rules: { strategy: 'quota', maxInFlight: 8 },
    clock: () => now,
    random,
    onChange: () => undefined,
  })
  directory.upsert(Array.from({ length: size }, (_, index) => makeAccount(index + 1, random)))
  return {
    directory,
    advance: () => {
      now += HOUR_MS / PICKS_PER_ACCOUNT_HOUR / size
    },
  }
}

function makeAccount(id: number, random: () => number): Account {
  const tier = chooseTier(random())
  return accountForTests({
    id,
    tier,
    quota: usedQuota(tier, random),
    state: chooseState(random),
    health: random() < 0.8 ? 1 : random(),
    healthAt: START_MS,
    credentialHash: id.toString(16).padStart(64, '0'),
    sealedCredential: `v1.00000000.${'x'.repeat(240)}${id}`,
    lastUsedAt: random() < 0.5 ? null : START_MS - Math.floor(random() * 60_000),
  })
}

function chooseTier(share: number): Tier {
  if (share < 0.8) return 'basic'
  return share < 0.95 ? 'super' : 'heavy'
}

function chooseState(random: () => number): AccountState {
  const share = random()
  const cause = { code: 'upstream_unavailable', evidence: 'a benchmark', at: START_MS } as const
  if (share < 0.9) return { status: 'active' }
  if (share < 0.95) return { status: 'cooling', until: START_MS + Math.floor(random() * 600_000), cause }
  return { status: 'needs-login', cause: { ...cause, code: 'credential_invalid' } }
}

function usedQuota(tier: Tier, random: () => number): Quota {
  const entries = Object.entries(defaultQuota(tier)).map(([mode, window]) => [
    mode,
    useWindow(window, random),
  ])
  return Object.fromEntries(entries)
}

/** A third untouched, half partly spent, the rest empty until they refill. */
function useWindow(window: QuotaWindow, random: () => number): QuotaWindow {
  const share = random()
  if (share < 0.33) return window
  const resetAt = START_MS + Math.floor(random() * window.windowSeconds * 1000)
  const remaining = share < 0.83 ? Math.ceil(random() * window.total) : 0
  return { ...window, remaining, resetAt, source: 'real' }
}

/** The same numbers in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
