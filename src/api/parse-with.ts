import type { z } from 'zod'
import { GatewayError } from '../core/error.ts'

/** Parses input with a schema; the first fault becomes the error, with its path as `param` (spec/public-api.md §1.4). */
export function parseWith<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const param = issue?.path.join('.') ?? ''
  const message = `${param === '' ? 'The body' : param}: ${issue?.message ?? 'is not valid'}`
  throw new GatewayError('invalid_request', message, param === '' ? {} : { param })
}
