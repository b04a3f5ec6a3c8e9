import { z } from 'zod'
import { GatewayError } from '../core/error.ts'
import type { LeaseStore, ResponseStore } from '../store/contract.ts'
import type { Clock } from '../util/clock.ts'

/** How long an answer can be had again by its key. */
const KEPT_MS = 24 * 60 * 60 * 1000
/** How long a request holds its key; one that is under way for longer may be made again. */
const HELD_MS = 15 * 60 * 1000

const recordSchema = z.object({
  fingerprint: z.string(),
  status: z.int(),
  contentType: z.string(),
  body: z.base64(),
})

/** An answer as it was given. */
export interface RecordedAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

/** A request that is known by a key of its caller's. */
export interface KeyedRequest {
  /** Tells the caller, the endpoint and the key apart from all others: hexadecimal. */
  readonly id: string
  /** A hash of what was asked. */
  readonly fingerprint: string
}

/** A request that may run; whoever runs it says how it ended. */
export interface HeldRequest {
  save(answer: RecordedAnswer): Promise<void>
  /** Lets the key go: the next request of it runs. */
  release(): Promise<void>
}

/** Answers that are given again to a request that is sent again with the same key, over all processes. */
export interface ReplayArchive {
  /** The answer that was given, or leave to make it. Throws for another request under the key, and while one runs. */
  begin(request: KeyedRequest): Promise<RecordedAnswer | HeldRequest>
}

export interface ReplayParts {
  readonly responses: ResponseStore
  readonly leases: LeaseStore
  /** Names this process among all. */
  readonly holder: string
  readonly clock: Clock
}

/** The archive over a store. */
export function createReplayArchive({ responses, leases, holder, clock }: ReplayParts): ReplayArchive {
  const find = async ({ id, fingerprint }: KeyedRequest): Promise<RecordedAnswer | undefined> => {
    const found = await responses.find(recordId(id), clock())
    const record = recordSchema.safeParse(found?.document).data
    if (!record) return undefined
    if (record.fingerprint !== fingerprint) throw refuse('was used for another request')
    const { status, contentType, body } = record
    return { status, contentType, body: Buffer.from(body, 'base64') }
  }
  return {
    begin: async (request) => {
      const known = await find(request)
      if (known) return known
      const name = recordId(request.id)
      const mine = `${holder}:${crypto.randomUUID()}`
      const now = clock()
      if (!(await leases.acquire(name, { holder: mine, until: now + HELD_MS }, now)))
        throw new GatewayError('not_ready', 'Idempotency-Key: a request of this key is being answered.')
      const release = (): Promise<void> => leases.release(name, mine)
      // the one before may have ended between the two looks
      const late = await find(request).catch(async (thrown: unknown) => {
        await release()
        throw thrown
      })
      if (late) {
        await release()
        return late
      }
      return {
        release,
        save: async ({ status, contentType, body }) => {
          const document = {
            fingerprint: request.fingerprint,
            status,
            contentType,
            body: Buffer.from(body).toString('base64'),
          }
          const createdAt = clock()
          const times = { createdAt, expiresAt: createdAt + KEPT_MS }
          await responses.save({ id: name, owner: '', previousId: null, accountId: null, document, ...times })
        },
      }
    },
  }
}

function recordId(id: string): string {
  return `replay_${id}`
}

function refuse(reason: string): GatewayError {
  return new GatewayError('invalid_request', `Idempotency-Key: ${reason}.`, { param: 'Idempotency-Key' })
}
