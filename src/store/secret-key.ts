import { randomBytes, randomUUID, scryptSync } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE_NAME = 'secret.key'
const KEY_SIZE_BYTES = 32
const GROUP_AND_OTHERS = 0o077

/** The key cannot be used: the message says what to do. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError'
}

/**
 * The key that credentials are encrypted with: from `GROK2API_SECRET_KEY` (any text of 16 characters or more), or from
 * `DATA_DIR/secret.key` (32 bytes as base64, mode 600), which is made on the first start.
 */
export function loadSecretKey(options: {
  readonly dataDir: string
  readonly fromEnvironment?: string
}): Buffer {
  const { dataDir, fromEnvironment } = options
  if (fromEnvironment !== undefined) return deriveKey(fromEnvironment)
  const path = join(dataDir, FILE_NAME)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  createOnce(path)
  if ((statSync(path).mode & GROUP_AND_OTHERS) !== 0) {
    throw new SecretKeyError(`${path} can be read by others; run: chmod 600 ${path}`)
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
  if (key.length !== KEY_SIZE_BYTES) {
    throw new SecretKeyError(
      `${path} does not hold ${KEY_SIZE_BYTES} bytes of base64; restore it from a backup`,
    )
  }
  return key
}

const MIN_SECRET_LENGTH = 16

function deriveKey(secret: string): Buffer {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new SecretKeyError(`GROK2API_SECRET_KEY must have at least ${MIN_SECRET_LENGTH} characters`)
  }
  return scryptSync(secret, 'grok2api secret key', KEY_SIZE_BYTES)
}

/** Writes a new key unless one is there; of two processes that start at once, both end up with the same one. */
function createOnce(path: string): void {
  if (existsSync(path)) return
  // a name of its own: a draft that a crash left behind may be the same file as the key
  const draft = `${path}.${randomUUID()}.tmp`
  writeFileSync(draft, `${randomBytes(KEY_SIZE_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, path) // fails if the key exists: an atomic "create if absent" with the content already in it
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    unlinkSync(draft)
  }
}
