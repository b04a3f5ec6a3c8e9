import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

const VERSION = 'v1'
const KEY_SIZE_BYTES = 32
const NONCE_SIZE_BYTES = 12
const TAG_SIZE_BYTES = 16

/** A sealed text that this box cannot open: another key, damage, or another context. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError'
}

/**
 * Encrypts short texts with AES-256-GCM. The `context` is authenticated with the text, so a sealed value cannot be
 * moved to another row. Format: `v1.<key id>.<base64url of nonce, tag and ciphertext>`.
 */
export class SecretBox {
  readonly keyId: string
  readonly #key: Buffer

  constructor(key: Buffer) {
    if (key.length !== KEY_SIZE_BYTES) throw new SecretBoxError(`a key has ${KEY_SIZE_BYTES} bytes`)
    this.#key = key
    this.keyId = createHash('sha256').update('key-id').update(key).digest('hex').slice(0, 8)
  }

  seal(text: string, context: string): string {
    const nonce = randomBytes(NONCE_SIZE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(context))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    const body = Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    return `${VERSION}.${this.keyId}.${body}`
  }

  open(sealed: string, context: string): string {
    const [version, keyId, body, ...rest] = sealed.split('.')
    if (version !== VERSION || body === undefined || rest.length > 0)
      throw new SecretBoxError('this is not a sealed text')
    if (keyId !== this.keyId)
      throw new SecretBoxError(`sealed with key ${keyId}, the key at hand is ${this.keyId}`)
    const bytes = Buffer.from(body, 'base64url')
    // a shorter one would be taken with a shorter tag, which is easier to forge
    if (bytes.length < NONCE_SIZE_BYTES + TAG_SIZE_BYTES)
      throw new SecretBoxError('the sealed text is cut off')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_SIZE_BYTES))
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(NONCE_SIZE_BYTES, NONCE_SIZE_BYTES + TAG_SIZE_BYTES))
    try {
      const text = decipher.update(bytes.subarray(NONCE_SIZE_BYTES + TAG_SIZE_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch (error) {
      throw new SecretBoxError('the sealed text is damaged or belongs elsewhere', { cause: error })
    }
  }
}
