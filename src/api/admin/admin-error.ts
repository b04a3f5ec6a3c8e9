import { errorCodes, errorRules, type ErrorCode } from '../../core/error.ts'

/** Codes of the admin API beside those of the gateway, in the order of `docs/errors.md`. */
export const adminErrorCodes = [
  'startup_only_config',
  'forbidden',
  'account_not_found',
  'task_not_found',
  'conflict',
  'token_conflict',
  'too_many_attempts',
] as const

type AdminOnlyCode = (typeof adminErrorCodes)[number]

/** Every code that the admin API answers. */
export type AdminErrorCode = ErrorCode | AdminOnlyCode

/** Every code with its HTTP status and its meaning, for the documentation. */
export const adminErrorRules: Readonly<
  Record<AdminErrorCode, { readonly status: number; readonly meaning: string }>
> = {
  ...errorRules,
  startup_only_config: {
    status: 400,
    meaning: 'The setting is fixed by an environment variable at the start and cannot be saved.',
  },
  forbidden: {
    status: 403,
    meaning: 'A change with a session cookie did not come from a page of this server, or has no CSRF token.',
  },
  account_not_found: { status: 404, meaning: 'There is no account of this id or token.' },
  task_not_found: { status: 404, meaning: 'There is no task of this id, or it was removed by age.' },
  token_conflict: {
    status: 409,
    meaning: 'The token belongs to another account, which may be a deleted one.',
  },
  conflict: { status: 409, meaning: 'Somebody else has changed the same thing in the meantime.' },
  too_many_attempts: {
    status: 429,
    meaning: 'Too many wrong passwords; `Retry-After` says how long to wait.',
  },
}

/** One field of a request that is at fault. */
export interface FieldFault {
  readonly key: string
  readonly message: string
}

interface AdminErrorOptions {
  readonly fields?: readonly FieldFault[]
  readonly retryAfterSeconds?: number
  /** What really happened; goes to the log only. */
  readonly cause?: unknown
}

/** A refusal of the admin API that says more than a `GatewayError` can: an own code, or every field at fault. */
export class AdminError extends Error {
  readonly code: AdminErrorCode
  readonly fields: readonly FieldFault[]
  readonly retryAfterSeconds: number | undefined

  constructor(code: AdminErrorCode, message: string, options: AdminErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'AdminError'
    this.code = code
    this.fields = options.fields ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get status(): number {
    return adminErrorRules[this.code].status
  }
}

/** Every code that an answer of the admin API may carry; a client that left reads none. */
export const answeredCodes: readonly AdminErrorCode[] = [
  ...errorCodes.filter((code) => code !== 'client_closed'),
  ...adminErrorCodes,
]
