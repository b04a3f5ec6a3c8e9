import type { Context } from 'hono'
import type { z } from 'zod'

/** A control request that cannot be served, with the status that says why. */
export class ControlError extends Error {
  readonly status: 400 | 404 | 409

  constructor(status: 400 | 404 | 409, message: string) {
    super(message)
    this.name = 'ControlError'
    this.status = status
  }
}

/** The JSON body of a control request in the given shape; anything else becomes a clear 400. */
export async function parseBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  let body: unknown
  try {
    body = await c.req.json()
  } catch {
    throw new ControlError(400, 'the body is not JSON')
  }
  return schema.parse(body)
}
