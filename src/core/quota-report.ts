import type { GatewayError } from './error.ts'
import type { Mode } from './model.ts'

/** What the upstream says about one mode of an account (spec/upstream-chat.md §7.1). */
export interface QuotaFigures {
  readonly remaining: number
  readonly total: number
  readonly windowSeconds: number
  /** Seconds until the next query, where it says so. */
  readonly waitSeconds?: number
  /** When the window refills (epoch ms), where it says exactly: it holds even while nothing is spent. */
  readonly resetAt?: number
}

/** The answers by mode: figures, `absent` for a mode that the account does not have, or why it is not known. */
export type QuotaReport = Readonly<Partial<Record<Mode, QuotaFigures | 'absent' | GatewayError>>>
