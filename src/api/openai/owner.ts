import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { presentedKeys } from '../auth.ts'
import type { ApiEnv } from '../context.ts'

/**
 * Whose things a request may see: those of the key that lets it in, as a hash. Where no key is asked for, everybody
 * without one is the same owner.
 */
export function ownerOf(
  { apiKeys }: { readonly apiKeys: () => readonly string[] },
  c: Context<ApiEnv>,
): string {
  const presented = presentedKeys(c.req.header('authorization'), c.req.header('x-api-key'))
  const accepted = apiKeys()
  const key = presented.find((one) => accepted.includes(one)) ?? presented[0] ?? ''
  return createHash('sha256').update(key).digest('hex')
}
