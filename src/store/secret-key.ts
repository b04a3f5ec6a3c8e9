import { randomBytes, randomUUID, scryptSync } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const FILE_NAME = 'secret.key'
const KEY_SIZE_BYTES = 32
const GROUP_AND_OTHERS = 0o077
const MIN_SECRET_LENGTH = 16

/** The key cannot be used: the message says what to do. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError'
}

/** Where the master keys come from. */
export interface SecretKeySource {
  readonly dataDir: string
  /** `GROK2API_SECRET_KEY` */
  readonly fromEnvironment?: string
  /** `GROK2API_SECRET_KEY_OLD`, while what it has sealed is not rewrapped yet. */
  readonly oldFromEnvironment?: string
}

/**
 * The master keys, the current one first: from `GROK2API_SECRET_KEY` (texts of 16 characters or more), or from
 * `DATA_DIR/secret.key` (32 bytes as base64 a line, mode 600), which is made on the first start.
 */
export function loadSecretKeys(source: SecretKeySource): readonly Buffer[] {
  const { dataDir, fromEnvironment, oldFromEnvironment } = source
  if (fromEnvironment !== undefined) {
    return oldFromEnvironment === undefined
      ? [deriveKey(fromEnvironment)]
      : [deriveKey(fromEnvironment), deriveKey(oldFromEnvironment)]
  }
  const path = secretKeyPath(dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  createOnce(path)
  if ((statSync(path).mode & GROUP_AND_OTHERS) !== 0) {
    throw new SecretKeyError(`${path} can be read by others; run: chmod 600 ${path}`)
  }
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => parseKey(line, path))
}

/** The file that holds the master keys when the environment does not. */
export function secretKeyPath(dataDir: string): string {
  return join(dataDir, FILE_NAME)
}

/** Puts a new key before the others; running processes find it when they meet a text that is sealed with it. */
export function addSecretKey(dataDir: string): void {
  const path = secretKeyPath(dataDir)
  replaceFile(path, `${newKeyLine()}${readFileSync(path, 'utf8')}`)
}

/** Keeps only the current key. */
export function dropOldSecretKeys(dataDir: string): void {
  const path = secretKeyPath(dataDir)
  const [current = ''] = readFileSync(path, 'utf8').split('\n')
  replaceFile(path, `${current}\n`)
}

function parseKey(line: string, path: string): Buffer {
  const key = Buffer.from(line.trim(), 'base64')
  if (key.length === KEY_SIZE_BYTES) return key
  throw new SecretKeyError(
    `${path} does not hold ${KEY_SIZE_BYTES} bytes of base64; restore it from a backup`,
  )
}

function deriveKey(secret: string): Buffer {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new SecretKeyError(`GROK2API_SECRET_KEY must have at least ${MIN_SECRET_LENGTH} characters`)
  }
  return scryptSync(secret, 'grok2api secret key', KEY_SIZE_BYTES)
}

function newKeyLine(): string {
  return `${randomBytes(KEY_SIZE_BYTES).toString('base64')}\n`
}

/** Writes a new key unless one is there; of two processes that start at once, both end up with the same one. */
function createOnce(path: string): void {
  if (existsSync(path)) return
  const draft = writeDraft(path, newKeyLine())
  try {
    linkSync(draft, path) // fails if the key exists: an atomic "create if absent" with the content already in it
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    unlinkSync(draft)
  }
}

/** Replaces the file at once or not at all. */
function replaceFile(path: string, content: string): void {
  renameSync(writeDraft(path, content), path)
}

/** A draft has a name of its own: one that a crash left behind may be the same file as the key. */
function writeDraft(path: string, content: string): string {
  const draft = join(dirname(path), `${FILE_NAME}.${randomUUID()}.tmp`)
  writeFileSync(draft, content, { mode: 0o600, flag: 'wx', flush: true })
  return draft
}
