import { createHash, randomBytes } from 'node:crypto'
import { AesGcmError, decryptAesGcm, encryptAesGcm } from './aes-gcm.ts'

const VERSION = 'v2'
const KEY_SIZE_BYTES = 32

/** Shortest time between two looks for keys that are not known yet. */
const RELOAD_PAUSE_MS = 1_000

/** A sealed text that this box cannot open: another key, damage, or another context. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError'
}

/** Gives the keys, the current one first; asked again when a sealed text names a key that is not among them. */
export type LoadKeys = () => readonly Buffer[]

/**
 * Encrypts short texts in envelopes: each has a key of its own, which is encrypted with a master key. Changing the master
 * key only means to wrap the small keys anew. The `context` is authenticated, so a sealed text cannot be moved to another
 * row. Format: `v2.<id of the master key>.<wrapped key>.<text>`, the last two AES-256-GCM in base64url.
 */
export class SecretBox {
  readonly #load: LoadKeys
  #keys: readonly MasterKey[]
  #loadedAt = performance.now()

  constructor(load: LoadKeys) {
    this.#load = load
    this.#keys = nameKeys(load())
  }

  /** The id of the key that new texts are sealed with. */
  get keyId(): string {
    return this.#current.id
  }

  seal(text: string, context: string): string {
    const textKey = randomBytes(KEY_SIZE_BYTES)
    const body = encryptAesGcm(textKey, Buffer.from(text), context)
    return encode(
      this.#current,
      encryptAesGcm(this.#current.key, textKey, context),
      body.toString('base64url'),
    )
  }

  open(sealed: string, context: string): string {
    const parts = parse(sealed)
    const textKey = this.#unwrap(parts, context)
    return guard(() => decryptAesGcm(textKey, Buffer.from(parts.body, 'base64url'), context)).toString('utf8')
  }

  /** The same text under the current master key; what is under it already comes back as it is. */
  rewrap(sealed: string, context: string): string {
    const parts = parse(sealed)
    if (parts.keyId === this.keyId) return sealed
    const textKey = this.#unwrap(parts, context)
    return encode(this.#current, encryptAesGcm(this.#current.key, textKey, context), parts.body)
  }

  /** Looks for keys that were added since. */
  reload(): void {
    this.#keys = nameKeys(this.#load())
    this.#loadedAt = performance.now()
  }

  get #current(): MasterKey {
    const [current] = this.#keys
    if (!current) throw new SecretBoxError('there is no key')
    return current
  }

  #unwrap({ keyId, wrapped }: SealedParts, context: string): Buffer {
    const { key } = this.#find(keyId)
    return guard(() => decryptAesGcm(key, Buffer.from(wrapped, 'base64url'), context))
  }

  #find(keyId: string): MasterKey {
    const isHere = this.#keys.some(({ id }) => id === keyId)
    if (!isHere && performance.now() - this.#loadedAt >= RELOAD_PAUSE_MS) this.reload()
    const found = this.#keys.find(({ id }) => id === keyId)
    if (found) return found
    const ids = this.#keys.map(({ id }) => id).join(', ')
    throw new SecretBoxError(`sealed with key ${keyId}, the keys at hand are ${ids}`)
  }
}

interface MasterKey {
  readonly id: string
  readonly key: Buffer
}

interface SealedParts {
  readonly keyId: string
  readonly wrapped: string
  readonly body: string
}

function nameKeys(keys: readonly Buffer[]): readonly MasterKey[] {
  if (keys.length === 0) throw new SecretBoxError('there is no key')
  return keys.map((key) => {
    if (key.length !== KEY_SIZE_BYTES) throw new SecretBoxError(`a key has ${KEY_SIZE_BYTES} bytes`)
    return { id: createHash('sha256').update('key-id').update(key).digest('hex').slice(0, 8), key }
  })
}

function encode({ id }: MasterKey, wrapped: Buffer, body: string): string {
  return `${VERSION}.${id}.${wrapped.toString('base64url')}.${body}`
}

function parse(sealed: string): SealedParts {
  const [version, keyId, wrapped, body, ...rest] = sealed.split('.')
  if (
    version !== VERSION ||
    keyId === undefined ||
    wrapped === undefined ||
    body === undefined ||
    rest.length > 0
  ) {
    throw new SecretBoxError('this is not a sealed text')
  }
  return { keyId, wrapped, body }
}

function guard(decrypt: () => Buffer): Buffer {
  try {
    return decrypt()
  } catch (error) {
    if (error instanceof AesGcmError) throw new SecretBoxError(error.message, { cause: error.cause })
    throw error
  }
}
