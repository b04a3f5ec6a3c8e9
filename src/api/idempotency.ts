import { createHash } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { HeldRequest, RecordedAnswer, ReplayArchive } from '../gateway/replay-archive.ts'
import { describeError, type Log } from '../util/log.ts'
import { refuse } from './chat-door.ts'
import type { ApiEnv } from './context.ts'

/** What the middleware needs. */
export interface IdempotencyParts {
  readonly replays: ReplayArchive
  readonly log: Log
}

const HEADER = 'idempotency-key'
const MAX_KEY_LENGTH = 255
/** A larger answer is given, but not kept: its request can be sent again like any other. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024

/**
 * Answers a request that is sent again with the same `Idempotency-Key` as it was answered before, streams included,
 * without doing anything again. Failures that a repeat may mend are not kept.
 */
export function idempotency(
  parts: IdempotencyParts,
  ownerOf: (c: Parameters<MiddlewareHandler<ApiEnv>>[0]) => string,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const key = c.req.method === 'POST' ? c.req.header(HEADER) : undefined
    if (key === undefined || key === '') return next()
    if (key.length > MAX_KEY_LENGTH)
      throw refuse('Idempotency-Key', `has more than ${MAX_KEY_LENGTH} characters`)
    const body = await c.req.raw.clone().arrayBuffer()
    const request = {
      id: hash(JSON.stringify([ownerOf(c), c.req.path, key])),
      fingerprint: hash(new Uint8Array(body)),
    }
    const begun = await parts.replays.begin(request)
    if (!('save' in begun)) {
      c.res = replay(begun)
      return undefined
    }
    const keep = new Keeping(parts.log, begun, c.get('requestId'))
    try {
      await next()
    } catch (thrown) {
      await begun.release()
      throw thrown
    }
    c.res = keep.watch(c.res)
    return undefined
  }
}

function replay({ status, contentType, body }: RecordedAnswer): Response {
  const headers = { 'content-type': contentType, 'idempotent-replayed': 'true' }
  return new Response(new Uint8Array(body), { status, headers })
}

/** Keeps an answer while it goes out; it is let go of as soon as it cannot be kept. */
class Keeping {
  readonly #log: Log
  readonly #request: HeldRequest
  readonly #requestId: string
  readonly #chunks: Uint8Array[] = []
  #sizeBytes = 0

  constructor(log: Log, request: HeldRequest, requestId: string) {
    this.#log = log
    this.#request = request
    this.#requestId = requestId
  }

  watch(response: Response): Response {
    const { status, headers, body } = response
    const isKept = status < 500 && status !== 429 && status !== 409
    if (!isKept || !body) {
      void this.#end(undefined)
      return response
    }
    const contentType = headers.get('content-type') ?? 'application/json'
    return new Response(this.#pass(body, { status, contentType }), { status, headers })
  }

  #pass(body: ReadableStream<Uint8Array>, whole: Omit<RecordedAnswer, 'body'>): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    let hasLeft = false
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await reader.read().catch(async (error: unknown) => {
          await this.#end(undefined)
          throw error
        })
        if (done) {
          // to a read that waits, a client that leaves looks like the end
          await this.#end(hasLeft ? undefined : whole)
          return controller.close()
        }
        this.#take(value)
        controller.enqueue(value)
      },
      cancel: async (reason) => {
        hasLeft = true
        await reader.cancel(reason)
        await this.#end(undefined)
      },
    })
  }

  #take(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes <= MAX_KEPT_BYTES) this.#chunks.push(chunk)
    else this.#chunks.length = 0
  }

  /** The answer is over; without a description it is not kept. A store that fails does not spoil what was sent. */
  async #end(whole: Omit<RecordedAnswer, 'body'> | undefined): Promise<void> {
    try {
      if (whole && this.#sizeBytes <= MAX_KEPT_BYTES) {
        await this.#request.save({ ...whole, body: Buffer.concat(this.#chunks) })
      }
      await this.#request.release()
    } catch (error) {
      this.#log.error('an answer could not be kept', {
        requestId: this.#requestId,
        error: describeError(error),
      })
    }
  }
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
