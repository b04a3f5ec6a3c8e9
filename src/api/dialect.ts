import type { Context } from 'hono'

/**
 * Whether a caller of `/v1` speaks the Anthropic dialect: by the path, and where both dialects have the same path, by
 * the version header that only Anthropic's clients send.
 */
export function speaksAnthropic({ req }: Context): boolean {
  if (/^\/v1\/messages(?:\/|$)/.test(req.path)) return true
  return req.path.startsWith('/v1/') && req.header('anthropic-version') !== undefined
}
