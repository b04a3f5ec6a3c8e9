import type { ServedMode, Tier } from '../core/model.ts'

/** What a request needs of an account. */
export interface ReserveQuery {
  /** Pools to ask, in order. */
  readonly tiers: readonly Tier[]
  /** Modes to try, in order, each across all pools. */
  readonly modes: readonly ServedMode[]
  /** Accounts that must not be chosen again. */
  readonly exclude: ReadonlySet<number>
  /** The account to take if it can serve: it has the conversation's earlier turn. */
  readonly prefer?: number | undefined
  /** No other account than the preferred one will do. */
  readonly mustPrefer?: boolean
}
