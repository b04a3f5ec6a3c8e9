import type { z } from 'zod'
import { GatewayError } from '../core/error.ts'

/**
 * Parses input with a schema; the first fault becomes the error, with its path as `param` (spec/public-api.md §1.4).
 * `at` is where the input stands, if it is a part of a body.
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  at = '',
): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const param = [...(at === '' ? [] : [at]), ...(issue?.path ?? [])].join('.')
  const message = `${param === '' ? 'The body' : param}: ${issue?.message ?? 'is not valid'}`
  throw new GatewayError('invalid_request', message, param === '' ? {} : { param })
}
