import { GatewayError } from '../../core/error.ts'
import { asObject, asString, type JsonObject } from '../../util/json-fields.ts'

/** Waits for the two confirmations that must come before a turn, in either order (spec/upstream-chat.md §3.2.4). */
export class SessionGate {
  readonly #eventId: string
  readonly #isContinued: boolean
  #sessionId: string | undefined
  #isCreated = false
  #isAttached = false

  /** `eventId` is that of the message that asked; `sessionId` is known of a conversation that goes on. */
  constructor(eventId: string, sessionId: string | undefined) {
    this.#eventId = eventId
    this.#sessionId = sessionId
    this.#isContinued = sessionId !== undefined
  }

  /** The session's id once both confirmations are there. */
  get confirmed(): string | undefined {
    return this.#isCreated && this.#isAttached ? this.#sessionId : undefined
  }

  /** Takes one envelope; throws if it speaks of another conversation. */
  take(envelope: JsonObject, event: JsonObject): void {
    if (event['type'] === 'session.created') {
      const asked = asString(event['client_event_id'])
      if (asked && asked !== this.#eventId) return // somebody else's
      this.#isCreated = true
      this.#adopt(asString(envelope['session_id']))
    } else if (event['type'] === 'conversation.attached') {
      const id = asString(asObject(event['conversation'])?.['id'])
      if (!id) return
      this.#isAttached = true
      this.#adopt(id)
    }
  }

  /** A session and its conversation have one id. */
  #adopt(id: string | undefined): void {
    if (!id) return
    this.#sessionId ??= id
    if (this.#sessionId !== id) {
      const cause = `session ${this.#sessionId} was confirmed as ${id}`
      // a conversation that the upstream has forgotten is nobody's fault: it is told anew
      const code = this.#isContinued ? 'upstream_rejected' : 'upstream_unavailable'
      throw new GatewayError(code, 'The upstream confirmed another conversation.', { cause })
    }
  }
}
