import type { Context } from 'hono'
import type { Account } from '../state/accounts.ts'
import type { FaultAction } from '../state/faults.ts'
import type { OpenRecord } from '../state/request-log.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import type { Credentials } from './cookies.ts'

/** What is known of the request that is being answered. */
export interface Exchange {
  readonly record: OpenRecord
  readonly credentials: Credentials
  /** The parsed JSON body, or undefined when it is no JSON. */
  readonly body: unknown
  /** Faults that hit this request. */
  readonly actions: readonly FaultAction[]
  readonly plan: DeliveryPlan
  /** True once an answer stream has taken over the record. */
  isStreaming: boolean
}

/** Hono's environment on product paths. */
export interface ProductEnv {
  Variables: { exchange: Exchange; account: Account }
}

/** The context of a handler on a product path. */
export type ProductContext = Context<ProductEnv>
