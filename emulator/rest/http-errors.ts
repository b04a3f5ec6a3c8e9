import type { FaultAction, HttpFaultKind } from '../state/faults.ts'

interface ErrorBody {
  readonly status: number
  readonly body: string
  readonly contentType?: string
}

const CHALLENGE =
  '<!DOCTYPE html><title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x.js"></script>'

// spec/upstream-chat.md §8.1 for the shapes, §8.3 for the rows.
const ERRORS: Readonly<Record<HttpFaultKind, ErrorBody>> = {
  'bad-request-marker': nested(400, 16, 'Failed to look up session ID. [WKE=unauthorized:bad-credentials]'),
  'bad-request': nested(400, 3, 'Invalid request'),
  unauthorized: nested(401, 16, 'Invalid credentials. [WKE=unauthorized:invalid-credentials]'),
  'payment-required': nested(402, 9, 'Payment required'),
  blocked: {
    status: 403,
    body: JSON.stringify({
      code: 7,
      message: 'User is blocked [WKE=unauthorized:blocked-user]',
      details: [],
    }),
  },
  challenge: { status: 403, body: CHALLENGE, contentType: 'text/html; charset=UTF-8' },
  'challenge-503': { status: 503, body: CHALLENGE, contentType: 'text/html; charset=UTF-8' },
  'anti-bot': nested(403, 7, 'Request rejected by anti-bot rules.'),
  safety: {
    status: 403,
    body: JSON.stringify({
      code: 'content-policy',
      error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_EXAMPLE',
    }),
  },
  'not-found': nested(404, 5, 'Not found'),
  'rate-limited': nested(429, 8, 'Too many requests'),
  'server-error': nested(500, 13, 'Internal error'),
  'bad-gateway': {
    status: 502,
    body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
    contentType: 'text/html; charset=UTF-8',
  },
  unavailable: nested(503, 14, 'Service unavailable'),
}

/** The answer of one row of spec/upstream-chat.md §8.3. */
export function httpError(kind: HttpFaultKind, retryAfterSeconds?: number): Response {
  const { status, body, contentType = 'application/json' } = ERRORS[kind]
  const headers = new Headers({ 'Content-Type': contentType })
  if (retryAfterSeconds !== undefined) headers.set('Retry-After', String(retryAfterSeconds))
  return new Response(body, { status, headers })
}

/** What a row says inside a stream, where there is no status. */
export function errorInStream(kind: HttpFaultKind): { readonly code: number; readonly message: string } {
  const text = ERRORS[kind].body
  if (!text.startsWith('{')) return { code: 13, message: text }
  const { error = text, ...top } = JSON.parse(text)
  const { code, message } = typeof error === 'string' ? { code: top.code, message: error, ...top } : error
  return { code: Number(code) || 0, message: String(message) }
}

/** An error in the nested shape with its own text. */
export function serviceError(status: number, code: number, message: string): Response {
  const { body } = nested(status, code, message)
  return new Response(body, { status, headers: { 'Content-Type': 'application/json' } })
}

/** The answer of a fault that answers by itself, or null when it only changes the delivery. */
export function responseOfFault(action: FaultAction): Response | null {
  if (action.type === 'http') return httpError(action.kind, action.retryAfterSeconds)
  if (action.type !== 'http-custom') return null
  const headers = { 'Content-Type': action.contentType, ...action.headers }
  return new Response(action.body, { status: action.status, headers })
}

function nested(status: number, code: number, message: string): ErrorBody {
  return { status, body: JSON.stringify({ error: { code, message, details: [] } }) }
}
