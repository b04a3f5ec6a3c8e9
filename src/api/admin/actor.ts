import type { Session } from './sessions.ts'

/** Who makes a request of the admin API. */
export type Actor =
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'bearer' }
  | { readonly type: 'ticket'; readonly name: string }
  | { readonly type: 'nobody' }

/** Characters of a session's id that are enough to tell sessions apart and too few to be worth anything. */
const SHOWN_ID_LENGTH = 8

/** An actor as the audit trail names it: a shortened session id, `bearer`, or `-`. */
export function nameActor(actor: Actor): string {
  if (actor.type === 'session') return actor.session.id.slice(0, SHOWN_ID_LENGTH)
  if (actor.type === 'ticket') return actor.name
  return actor.type === 'bearer' ? 'bearer' : '-'
}
