import { GatewayError } from '../core/error.ts'
import { reasonRules } from '../core/reason.ts'
import { asObject, asString, type JsonObject } from '../util/json-fields.ts'
import {
  oddAnswer,
  readAnswerJson,
  type CallerIdentity,
  type RestAnswer,
  type RestCaller,
} from './rest-call.ts'

/** Who an account is to the upstream. */
export interface SessionIdentity {
  readonly userId: string | null
  readonly email: string | null
}

const SESSION_PATH = '/api/auth/session'
const TIMEOUT_SECONDS = 15

/** Asks who the account is; throws if it is not logged in, or blocked (spec/upstream-chat.md §1.5). */
export async function fetchSession(call: RestCaller, identity: CallerIdentity): Promise<SessionIdentity> {
  const answer = await call(
    {
      method: 'GET',
      path: SESSION_PATH,
      timeoutSeconds: TIMEOUT_SECONDS,
      headers: {
        'cache-control': 'no-cache',
        pragma: 'no-cache',
        origin: undefined,
        'content-type': undefined,
        'x-xai-request-id': undefined,
        'x-statsig-id': undefined,
      },
    },
    identity,
  )
  return parseSession(answer)
}

function parseSession(answer: RestAnswer): SessionIdentity {
  const top: JsonObject = asObject(readAnswerJson(answer)) ?? {}
  const status = asString(top['status'])?.toLowerCase()
  if (status === 'blocked') throw refused('account-blocked', status)
  if (status === 'unauthenticated') throw refused('credential-invalid', status)
  const session = asObject(top['session'])
  const user = asObject(top['user'])
  const userId = firstText([
    session?.['userId'],
    user?.['id'],
    user?.['userId'],
    user?.['sub'],
    top['id'],
    top['userId'],
    top['sub'],
  ])
  const email = firstText([session?.['email'], user?.['email'], top['email']])
  if (userId === null && email === null) throw oddAnswer(answer, 'session')
  return { userId, email }
}

function refused(reason: 'account-blocked' | 'credential-invalid', status: string): GatewayError {
  const { code, sentence } = reasonRules[reason]
  return new GatewayError(code, sentence, { cause: `the session has the status ${status}`, reason })
}

function firstText(values: readonly unknown[]): string | null {
  return values.map(asString).find(Boolean) ?? null
}
