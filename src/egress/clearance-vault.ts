import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { LeaseStore, ResponseStore } from '../store/contract.ts'
import type { Clock } from '../util/clock.ts'
import { describeError, type Log } from '../util/log.ts'
import type { SecretBox } from '../util/secret-box.ts'
import { parseBundle, type ClearanceBundle } from './clearance-bundle.ts'

/** Where bundles are kept for all processes, and which of them solves. */
export interface VaultOptions {
  readonly documents: Pick<ResponseStore, 'find' | 'save'>
  readonly leases: LeaseStore
  readonly box: Pick<SecretBox, 'seal' | 'open'>
  /** Names this process among all. */
  readonly holder: string
  readonly clock: Clock
  readonly log: Log
}

/** A bundle that is wanted. */
export interface BundleWish {
  readonly key: string
  /** Whether one that another process made will do. */
  readonly accepts: (bundle: ClearanceBundle) => boolean
  /** Makes one. */
  readonly solve: () => Promise<ClearanceBundle>
  /** The longest that a solve may take. */
  readonly limitSeconds: number
  readonly signal: AbortSignal
}

const OWNER = 'clearance'
/** The last good one outlives its usual renewals. */
const KEPT_MS = 7 * 86_400_000
/** Pause between two looks for what another process is solving. */
const LOOK_PAUSE_MS = 200
/** How much longer than a solve its lease lasts. */
const LEASE_MARGIN_MS = 15_000

const documentSchema = z.object({ sealed: z.string() })

/** Bundles in the store, sealed; one process at a time solves for a key, and the others take what it made. */
export class ClearanceVault {
  readonly #options: VaultOptions

  constructor(options: VaultOptions) {
    this.#options = options
  }

  /** What is kept; nothing if it cannot be read. */
  async load(key: string): Promise<ClearanceBundle | undefined> {
    const { documents, box, clock, log } = this.#options
    const found = await documents.find(idOf(key), clock())
    const document = documentSchema.safeParse(found?.document).data
    if (found?.owner !== OWNER || !document) return undefined
    try {
      return parseBundle(box.open(document.sealed, idOf(key)))
    } catch (thrown) {
      log.warn('a kept clearance cannot be read', { error: describeError(thrown) })
      return undefined
    }
  }

  /** A bundle that another process has made meanwhile, or one that is made now. */
  async obtain(wish: BundleWish): Promise<ClearanceBundle> {
    const { leases, holder } = this.#options
    const looks = Math.ceil((wish.limitSeconds * 1000) / LOOK_PAUSE_MS)
    for (let look = 0; look <= looks; look++) {
      const name = `${OWNER}:${wish.key}`
      if (await this.#lock(name, wish.limitSeconds)) {
        try {
          return (await this.#loadFitting(wish)) ?? (await this.#make(wish))
        } finally {
          await leases.release(name, holder)
        }
      }
      await wait(LOOK_PAUSE_MS, undefined, { signal: wish.signal })
      const made = await this.#loadFitting(wish)
      if (made) return made
    }
    throw new Error('another process did not finish in time')
  }

  async #lock(name: string, limitSeconds: number): Promise<boolean> {
    const { leases, holder, clock } = this.#options
    const now = clock()
    const until = now + limitSeconds * 1000 + LEASE_MARGIN_MS
    return (await leases.acquire(name, { holder, until }, now)) !== undefined
  }

  async #loadFitting({ key, accepts }: BundleWish): Promise<ClearanceBundle | undefined> {
    const kept = await this.load(key)
    return kept && accepts(kept) ? kept : undefined
  }

  async #make({ key, solve }: BundleWish): Promise<ClearanceBundle> {
    const bundle = await solve()
    const { documents, box, clock } = this.#options
    const now = clock()
    const id = idOf(key)
    await documents.save({
      id,
      owner: OWNER,
      createdAt: now,
      expiresAt: now + KEPT_MS,
      previousId: null,
      accountId: null,
      document: { sealed: box.seal(JSON.stringify(bundle), id) },
    })
    return bundle
  }
}

function idOf(key: string): string {
  return `${OWNER}_${key}`
}
