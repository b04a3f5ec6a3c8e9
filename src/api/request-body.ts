import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { GatewayError } from '../core/error.ts'

/** The largest JSON body that is read. */
export const MAX_BODY_SIZE_BYTES = 32 * 1024 * 1024

/** The JSON value of a request's body; throws what the caller can mend. */
export async function readJsonBody(c: Context): Promise<unknown> {
  const contentType = c.req.header('content-type')
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) {
    throw new GatewayError(
      'unsupported_media_type',
      `Send the body as application/json, not as ${contentType}.`,
    )
  }
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatewayError('invalid_request', 'The body of the request is not valid JSON.', { cause: error })
  }
}

/** Refuses bodies that are too large, as they come in. */
export function limitBody(): MiddlewareHandler {
  return bodyLimit({
    maxSize: MAX_BODY_SIZE_BYTES,
    onError: () => {
      throw new GatewayError('payload_too_large', `The body is larger than ${MAX_BODY_SIZE_BYTES} bytes.`)
    },
  })
}
