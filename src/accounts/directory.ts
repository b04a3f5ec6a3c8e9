import { noteTransition, type Account, type StateCause } from '../core/account.ts'
import { servedModes, tiers, type ServedMode, type Tier } from '../core/model.ts'
import { decidingWindow, spendOne } from '../core/quota.ts'
import type { Clock } from '../util/clock.ts'
import { choose, type ChooseOptions } from './choose.ts'
import { availableFrom, inFlightCap, type SelectionRules } from './eligibility.ts'
import { applyFeedback, countOutcome, type Outcome } from './feedback.ts'
import { LastSuccesses } from './last-successes.ts'
import { ReadyPool } from './ready-pool.ts'
import type { ReserveQuery } from './reserve-query.ts'
import { Shortfalls, type Shortfall } from './shortfall.ts'
import { createSlot, isPlacedAlike, isUsable, modeIndex, rebase, type Slot } from './slot.ts'
import { WakeQueue } from './wake-queue.ts'
import type { ChangeKind, WriteOutcome } from './write-behind.ts'

/** One query of one account, taken but not yet settled. */
export interface Reservation {
  readonly slot: Slot
  readonly mode: ServedMode
  /** Requests at once that the account may have, over all processes. */
  readonly cap: number
  /** The account as it was before. */
  readonly before: Account
}

/** How a use of an account ended, beside its outcome. */
export interface SettleContext {
  readonly served: boolean
  readonly mayPenalise: boolean
}

export interface DirectoryOptions {
  readonly rules: SelectionRules
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  /** Called when an account has changed and should be written to the store. */
  readonly onChange: (slot: Slot, kind: ChangeKind) => void
}

/** How long an account is passed over whose secrets cannot be opened: the key may be brought back. */
const ASIDE_MS = 30_000

/** Counts of the directory, for readiness and the admin pages. */
export interface DirectoryStats {
  readonly accounts: number
  /** Accounts that serve now or will again by themselves (active or cooling). */
  readonly usable: number
  readonly inFlight: number
}

/**
 * All accounts in memory, with the sets of those that may take a request now. Reserving and settling are synchronous:
 * within a process a choice and its counting cannot be interleaved, so the cap and the quota hold exactly.
 */
export class AccountDirectory {
  readonly #slots = new Map<number, Slot>()
  readonly #ready = new Map(
    tiers.map((tier) => [tier, servedModes.map((mode) => new ReadyPool(modeIndex(mode)))]),
  )
  readonly #usable: Record<Tier, number> = { basic: 0, super: 0, heavy: 0 }
  readonly #wakes = new WakeQueue()
  readonly #options: DirectoryOptions
  #rules: SelectionRules
  #inFlight = 0
  readonly #successes = new LastSuccesses()
  readonly #shortfalls = new Shortfalls()
  #setAside = 0

  constructor(options: DirectoryOptions) {
    this.#options = options
    this.#rules = options.rules
  }

  get stats(): DirectoryStats {
    const usable = this.#usable.basic + this.#usable.super + this.#usable.heavy
    return { accounts: this.#slots.size, usable, inFlight: this.#inFlight }
  }

  /** How many accounts of a pool serve now or will again by themselves. */
  usableAccounts(tier: Tier): number {
    return this.#usable[tier]
  }

  /** The account as this process knows it now. */
  find(id: number): Account | undefined {
    return this.#slots.get(id)?.account
  }

  /** Requests that this process has under way with the account. */
  inFlight(id: number): number {
    return this.#slots.get(id)?.inFlight ?? 0
  }

  /** Every account that is not deleted. */
  *accounts(): Iterable<Account> {
    for (const slot of this.#slots.values()) yield slot.account
  }

  /** Takes over new rules; a change looks at every account once. */
  configure(rules: SelectionRules): void {
    if (rules.strategy === this.#rules.strategy && rules.maxInFlight === this.#rules.maxInFlight) return
    this.#rules = rules
    for (const slot of this.#slots.values()) this.#place(slot)
  }

  /** Takes over rows of the store, under what this process has changed and not yet written. */
  upsert(accounts: readonly Account[]): void {
    for (const account of accounts) this.#upsertOne(account)
  }

  #upsertOne(account: Account): void {
    const slot = this.#slots.get(account.id)
    if (account.state.status === 'deleted') return this.#remove(slot)
    if (!slot) {
      const added = createSlot(account)
      this.#slots.set(account.id, added)
      return this.#place(added)
    }
    if (account.revision <= slot.base.revision) return
    if (slot.sent) slot.late = account
    else this.#rebase(slot, account, slot.base)
  }

  #rebase(slot: Slot, row: Account, known: Account): void {
    this.#withdraw(slot)
    rebase(slot, row, known)
    this.#place(slot)
  }

  /** Takes over what the store has made of a write: the row, nothing (it is deleted there), or a failure. */
  endWrite(slot: Slot, outcome: WriteOutcome): void {
    const { sent, late } = slot
    slot.sent = null
    slot.late = null
    if (outcome !== 'failed') slot.dirty = slot.account !== sent && outcome !== 'gone'
    if (this.#slots.get(slot.account.id) !== slot) return // deleted meanwhile
    if (sent && typeof outcome === 'object') this.#rebase(slot, outcome, sent)
    if (late) this.#upsertOne(late)
  }

  #remove(slot: Slot | undefined): void {
    if (!slot) return
    this.#withdraw(slot)
    this.#wakes.plan(slot, Number.POSITIVE_INFINITY)
    this.#slots.delete(slot.account.id)
  }

  /** Chooses an account and counts the use: one more in flight, one query less in the window. */
  reserve(query: ReserveQuery): Reservation | undefined {
    const now = this.#options.clock()
    this.#wake(now)
    for (const mode of query.modes) {
      const preferred = this.#readyPreferred(query, mode)
      if (preferred) return this.#take(preferred, mode, now)
      const { exclude, mustPrefer } = query
      const options = { mode, rules: this.#rules, exclude, now, random: this.#options.random }
      for (const tier of mustPrefer === true ? [] : query.tiers) {
        const slot = this.#chooseFrom(this.#readyPool(tier, mode), options)
        if (slot) return this.#take(slot, mode, now)
      }
    }
    return undefined
  }

  #readyPreferred({ prefer, tiers: asked, exclude }: ReserveQuery, mode: ServedMode): Slot | undefined {
    const slot = prefer === undefined || exclude.has(prefer) ? undefined : this.#slots.get(prefer)
    const isReady = slot && asked.includes(slot.account.tier) && slot.positions[modeIndex(mode)] !== -1
    return isReady ? slot : undefined
  }

  /** The best of the highest priority that has a slot to give. */
  #chooseFrom(pool: ReadyPool, options: ChooseOptions): Slot | undefined {
    for (const ready of pool.layers()) {
      const slot = choose(ready, options)
      if (slot) return slot
    }
    return undefined
  }

  #take(slot: Slot, mode: ServedMode, now: number): Reservation {
    const { account } = slot
    const window = account.quota[mode]
    const quota = window ? { ...account.quota, [mode]: spendOne(window, now) } : account.quota
    slot.account = { ...account, quota, lastUsedAt: now }
    slot.inFlight++
    this.#inFlight++
    // with room and quota left it stands where it stood, and looking again would cost more than the choice
    const isLast = window !== undefined && window.remaining <= 1 && decidingWindow(account, mode) === window
    if (isLast || !this.#hasRoom(slot)) this.#place(slot)
    return { slot, mode, cap: inFlightCap(account, this.#rules), before: account }
  }

  /** Ends a reservation; the caller makes sure that it does so once. Returns the account as it is after. */
  settle({ slot, mode }: Reservation, outcome: Outcome, context: SettleContext): Account {
    const now = this.#options.clock()
    const before = slot.account
    const hadRoom = this.#hasRoom(slot)
    slot.inFlight--
    this.#inFlight--
    const feedbackContext = {
      ...context,
      mode,
      now,
      poolSucceededAt: this.#successes.besides(slot.account.id),
    }
    const condition = applyFeedback(slot.account, outcome, feedbackContext)
    if (outcome.type === 'success') this.#successes.add(slot.account.id, now)
    const settled = noteTransition(slot.account, { ...slot.account, ...condition })
    slot.account = countOutcome(settled, outcome, now)
    if (this.#slots.get(slot.account.id) !== slot) return slot.account // deleted meanwhile
    slot.dirty = true
    const isMereUse = isPlacedAlike(before, slot.account)
    if (!hadRoom || !isMereUse) this.#place(slot)
    this.#options.onChange(slot, isMereUse ? 'use' : 'condition')
    return slot.account
  }

  /**
   * Takes a reservation back that was made in this very moment, since the account's secrets cannot be opened: it is passed
   * over for a while, and nothing about it has changed. Returns how many accounts that makes; 0: it was one of them already.
   */
  setAside({ slot, before }: Reservation): number {
    const isNew = slot.asideUntil === 0
    slot.account = before
    slot.inFlight--
    this.#inFlight--
    slot.asideUntil = this.#options.clock() + ASIDE_MS
    this.#place(slot)
    return isNew ? ++this.#setAside : 0
  }

  #hasRoom({ account, inFlight }: Slot): boolean {
    return inFlight < inFlightCap(account, this.#rules)
  }

  /**
   * Changes an account other than by a use; undefined if it is not here. A change that leaves it as it is writes nothing.
   * `cause` is for a change to `active`, which has none of its own.
   */
  change(id: number, edit: (account: Account) => Account, cause?: StateCause): Account | undefined {
    const slot = this.#slots.get(id)
    if (!slot) return undefined
    const next = edit(slot.account)
    if (next === slot.account) return next
    this.#withdraw(slot)
    slot.account = noteTransition(slot.account, next, cause)
    slot.dirty = true
    this.#options.onChange(slot, 'condition')
    if (next.state.status === 'deleted') this.#remove(slot)
    else this.#place(slot)
    return slot.account
  }

  /** Why no account can take such a request, and when one may. */
  shortfall(query: ReserveQuery): Shortfall {
    return this.#shortfalls.of(query, { slots: this.#slots, rules: this.#rules, now: this.#options.clock() })
  }

  /** Puts the slot into the ready sets it belongs to now, and plans when to look again. */
  #place(slot: Slot): void {
    const now = this.#options.clock()
    const { account } = slot
    const hasRoom = this.#hasRoom(slot)
    this.#countUsable(slot, isUsable(account))
    let wakeAt = Number.POSITIVE_INFINITY
    for (const mode of servedModes) {
      const ready = this.#readyPool(account.tier, mode)
      const from = Math.max(slot.asideUntil, availableFrom(account, mode, this.#rules, now))
      if (from <= now && hasRoom) ready.add(slot)
      else ready.remove(slot)
      if (from > now) wakeAt = Math.min(wakeAt, from)
    }
    this.#wakes.plan(slot, wakeAt)
  }

  #withdraw(slot: Slot): void {
    this.#countUsable(slot, false)
    for (const mode of servedModes) this.#readyPool(slot.account.tier, mode).remove(slot)
  }

  #countUsable(slot: Slot, usable: boolean): void {
    if (slot.usable === usable) return
    slot.usable = usable
    this.#usable[slot.account.tier] += usable ? 1 : -1
  }

  /** Looks again at the slots whose waiting time is over. Each is looked at once, so the loop ends. */
  #wake(now: number): void {
    for (let slot = this.#wakes.takeDue(now); slot; slot = this.#wakes.takeDue(now)) this.#place(slot)
  }

  #readyPool(tier: Tier, mode: ServedMode): ReadyPool {
    const ready = this.#ready.get(tier)?.[modeIndex(mode)]
    if (!ready) throw new Error(`no ready pool for ${tier}/${mode}`)
    return ready
  }
}
