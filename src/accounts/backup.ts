import { randomBytes, scrypt } from 'node:crypto'
import { z } from 'zod'
import type { Account, NewAccount } from '../core/account.ts'
import { parseAccount } from '../store/account-json.ts'
import { AesGcmError, decryptAesGcm, encryptAesGcm } from '../util/aes-gcm.ts'
import { SecretBoxError, type SecretBox } from '../util/secret-box.ts'
import { hashCredential, parseCredential } from './credential.ts'

/** The version of the document that is written; there is no other yet. */
export const BACKUP_VERSION = 1

const CONTEXT = 'grok2api backup 1'
const KEY_SIZE_BYTES = 32
const SALT_SIZE_BYTES = 16
/** 2^15 with blocks of 8: about 32 MB and a tenth of a second for each guess. */
const SCRYPT_COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

/** What of a row another installation could not use: its places here, and secrets that are sealed with the key here. */
const ownFields: ReadonlySet<string> = new Set<keyof Account>([
  'id',
  'revision',
  'updatedAt',
  'credentialHash',
  'sealedCredential',
  'sealedProxyUrl',
])

/** What a backup holds once it is open. */
export interface BackupContent {
  readonly accounts: readonly unknown[]
  readonly settings: Readonly<Record<string, unknown>>
}

const contentSchema = z.object({
  accounts: z.array(z.unknown()),
  settings: z.record(z.string(), z.unknown()).default({}),
})

const sealedSchema = z.object({ salt: z.string(), data: z.string() })

/** The document, open or encrypted. */
export const backupSchema = z.looseObject({
  grok2api_backup: z.literal(BACKUP_VERSION),
  created_at: z.number(),
  encrypted: sealedSchema.optional(),
})

/** A backup cannot be read; the message says why, without any of its content. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

/** The account as a backup has it, its secrets in the clear; undefined if no key at hand opens them. */
export function backUpAccount(
  account: Account,
  box: SecretBox,
): Readonly<Record<string, unknown>> | undefined {
  const { credentialHash, sealedCredential, sealedProxyUrl } = account
  try {
    return {
      credential: box.open(sealedCredential, credentialHash),
      proxyUrl: sealedProxyUrl === null ? null : box.open(sealedProxyUrl, credentialHash),
      ...Object.fromEntries(Object.entries(account).filter(([field]) => !ownFields.has(field))),
    }
  } catch (error) {
    if (error instanceof SecretBoxError) return undefined
    throw error
  }
}

const secretsSchema = z.object({ credential: z.string(), proxyUrl: z.string().nullable() })

/** The account of a backup as a store takes it; throws if it is none. */
export function restoreAccount(item: unknown, box: SecretBox): NewAccount {
  const secrets = secretsSchema.safeParse(item)
  if (!secrets.success) throw new BackupError('has no credential')
  const credential = parseCredential(secrets.data.credential)
  const credentialHash = hashCredential(credential)
  const { proxyUrl } = secrets.data
  return {
    ...parseState(item),
    credentialHash,
    sealedCredential: box.seal(credential, credentialHash),
    sealedProxyUrl: proxyUrl === null ? null : box.seal(proxyUrl, credentialHash),
  }
}

/** What of a row the backup does not have; the store gives it. */
const NO_ROW = {
  id: 0,
  revision: 0,
  updatedAt: 0,
  credentialHash: '',
  sealedCredential: '',
  sealedProxyUrl: null,
} as const

function parseState(item: unknown): Account {
  try {
    return parseAccount(JSON.stringify(Object.assign({}, item, NO_ROW)))
  } catch (error) {
    throw new BackupError('is not the full state of an account', { cause: error })
  }
}

/** The document of a backup; with a passphrase, nobody else can read it. */
export async function encodeBackup(
  content: BackupContent,
  createdAt: number,
  passphrase?: string,
): Promise<Readonly<Record<string, unknown>>> {
  const head = { grok2api_backup: BACKUP_VERSION, created_at: createdAt }
  if (passphrase === undefined) return { ...head, ...content }
  const salt = randomBytes(SALT_SIZE_BYTES)
  const key = await deriveKey(passphrase, salt)
  const data = encryptAesGcm(key, Buffer.from(JSON.stringify(content)), CONTEXT)
  return { ...head, encrypted: { salt: salt.toString('base64'), data: data.toString('base64') } }
}

/** The content of a backup's document; throws a {@link BackupError} that says what is wrong with it. */
export async function openBackup(document: unknown, passphrase?: string): Promise<BackupContent> {
  const parsed = backupSchema.safeParse(document)
  if (!parsed.success) throw new BackupError('is not a backup of this version')
  const { encrypted } = parsed.data
  const content = contentSchema.safeParse(encrypted ? await decrypt(encrypted, passphrase) : parsed.data)
  if (!content.success) throw new BackupError('holds no list of accounts')
  return content.data
}

async function decrypt({ salt, data }: z.output<typeof sealedSchema>, passphrase?: string): Promise<unknown> {
  if (passphrase === undefined) throw new BackupError('is encrypted; give its passphrase')
  const key = await deriveKey(passphrase, Buffer.from(salt, 'base64'))
  try {
    return JSON.parse(decryptAesGcm(key, Buffer.from(data, 'base64'), CONTEXT).toString('utf8'))
  } catch (error) {
    if (error instanceof AesGcmError)
      throw new BackupError('the passphrase is wrong, or the backup is damaged')
    throw error
  }
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(passphrase.normalize('NFC'), salt, KEY_SIZE_BYTES, SCRYPT_COST, (error, key) => {
    if (error) reject(error)
    else resolve(key)
  })
  return promise
}
