import type { z } from 'zod'
import { GatewayError } from '../../../core/error.ts'

/** Parses a part of the body that stands at a path; the first fault becomes the error, named by its whole path. */
export function parseAt<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  path: string,
): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const param = [path, ...(issue?.path ?? [])].join('.')
  throw new GatewayError('invalid_request', `${param}: ${issue?.message ?? 'is not valid'}`, { param })
}
