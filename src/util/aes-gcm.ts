import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const NONCE_SIZE_BYTES = 12
const TAG_SIZE_BYTES = 16

/** Bytes that were not encrypted with this key and for this context, or are damaged. */
export class AesGcmError extends Error {
  override readonly name = 'AesGcmError'
}

/** Encrypts with AES-256-GCM under a fresh nonce: nonce, tag and ciphertext in one. The context is authenticated. */
export function encryptAesGcm(key: Buffer, plain: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE_SIZE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(context))
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), encrypted])
}

/** The plain bytes of {@link encryptAesGcm}; throws if the key or the context is another one. */
export function decryptAesGcm(key: Buffer, sealed: Buffer, context: string): Buffer {
  // a shorter one would be taken with a shorter tag, which is easier to forge
  if (sealed.length < NONCE_SIZE_BYTES + TAG_SIZE_BYTES) throw new AesGcmError('the sealed text is cut off')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_SIZE_BYTES))
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(NONCE_SIZE_BYTES, NONCE_SIZE_BYTES + TAG_SIZE_BYTES))
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(NONCE_SIZE_BYTES + TAG_SIZE_BYTES)),
      decipher.final(),
    ])
  } catch (error) {
    throw new AesGcmError('the sealed text is damaged or belongs elsewhere', { cause: error })
  }
}
