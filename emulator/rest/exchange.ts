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
  /** The parts of a multipart body; `body` then tells what they are. */
  readonly form: FormData | null
  /** Faults that hit this request. */
  readonly actions: readonly FaultAction[]
  readonly plan: DeliveryPlan
  /** True once an answer stream has taken over the record. */
  isStreaming: boolean
}

/** What the server can do for a handler. */
export interface ServerBindings {
  /** Makes the request a socket; false when it is no handshake. */
  readonly upgrade: (socket: SocketSession) => boolean
}

/** One end of an open socket, as its session sees it. */
export interface SocketPeer {
  send(text: string): void
  close(code?: number, reason?: string): void
  /** Drops the connection without a closing handshake. */
  terminate(): void
}

/** What happens on one socket, from its handshake to its end. */
export interface SocketSession {
  message(peer: SocketPeer, text: string): void
  closed(): void
}

/** Hono's environment on product paths. */
export interface ProductEnv {
  Bindings: ServerBindings
  Variables: { exchange: Exchange; account: Account }
}

/** The context of a handler on a product path. */
export type ProductContext = Context<ProductEnv>
