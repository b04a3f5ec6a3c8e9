import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { GatewayError } from '../core/error.ts'
import type { ApiEnv } from './context.ts'

/** Lets a request pass that carries one of the keys; without keys everything passes (spec/public-api.md §1.2). */
export function requireApiKey(keys: () => readonly string[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const accepted = keys()
    if (accepted.length > 0) {
      checkKeys(presentedKeys(c.req.header('authorization'), c.req.header('x-api-key')), accepted)
    }
    await next()
  }
}

/** The key that a client sent: a bearer token, else `x-api-key`. */
export function presentedKey(
  authorization: string | undefined,
  apiKey: string | undefined,
): string | undefined {
  return presentedKeys(authorization, apiKey)[0]
}

/** The keys that a client sent: a bearer token, an `x-api-key`, or both, of which one may be for somebody else. */
export function presentedKeys(
  authorization: string | undefined,
  apiKey: string | undefined,
): readonly string[] {
  const bearer = /^bearer\s+(\S.*)$/i.exec(authorization?.trim() ?? '')?.[1]
  return [bearer, apiKey].flatMap((key) => (key === undefined || key.trim() === '' ? [] : [key.trim()]))
}

function checkKeys(presented: readonly string[], accepted: readonly string[]): void {
  if (presented.length === 0) {
    throw new GatewayError(
      'authentication_failed',
      'You did not provide an API key. Send it as "Authorization: Bearer <key>" or as "x-api-key: <key>".',
    )
  }
  const digests = presented.map(sha256)
  // every key is compared, so that the time says nothing about which one is near
  const matches = accepted.map(sha256).flatMap((key) => digests.map((digest) => timingSafeEqual(digest, key)))
  if (!matches.includes(true)) throw new GatewayError('authentication_failed', 'Incorrect API key provided.')
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
