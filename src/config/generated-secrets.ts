import type { SettingsDocument } from '../core/settings-document.ts'
import { setAtKey } from './document-path.ts'
import type { SettingOrigin } from './layers.ts'
import { isTable } from './raw-layers.ts'

const SECRET_BYTES = 24

/** The keys that are made up at the first start instead of having a default that everybody knows. */
export const generatedSecrets = [
  { key: 'app.app_key', prefix: 'g2a-admin-', wrap: (secret: string) => secret },
  { key: 'app.api_key', prefix: 'sk-g2a-', wrap: (secret: string) => [secret] },
] as const

/** One key that was made up, for the caller to print once. */
export interface GeneratedSecret {
  readonly key: string
  readonly value: string
  /** False when it could not or must not be stored; it then lasts until the process ends. */
  readonly stored: boolean
  /** Why it is not stored. */
  readonly problem?: string
}

interface MissingOptions {
  readonly origins: ReadonlyMap<string, SettingOrigin>
  readonly document: SettingsDocument
  readonly generate: () => string
}

/** An unguessable text of 24 random bytes. */
export function generateSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64url')
}

/** Whether a key is made up at the first start. */
export function isGeneratedKey(key: string): boolean {
  return generatedSecrets.some((secret) => secret.key === key)
}

/** Makes up the secrets that no layer gives. An explicitly empty one is given: the operator chose it. */
export function makeMissingSecrets({ origins, document, generate }: MissingOptions): GeneratedSecret[] {
  return generatedSecrets
    .filter(({ key }) => origins.get(key) === 'default')
    .map(({ key, prefix }) => {
      const value = prefix + generate()
      const problem = findObstacle(document, key)
      return problem === undefined ? { key, value, stored: true } : { key, value, stored: false, problem }
    })
}

/** Never over something of the operator's: a document that needs repair, or a value of a wrong type. */
function findObstacle({ fault, values }: SettingsDocument, key: string): string | undefined {
  if (fault !== undefined) return `the stored settings cannot be read: ${fault}`
  return isOccupied(values, key) ? 'a value that cannot be used is stored in its place' : undefined
}

/** The values with the storable secrets in them; the same object when there are none. */
export function withStoredSecrets(
  values: SettingsDocument['values'],
  generated: readonly GeneratedSecret[],
): SettingsDocument['values'] {
  return generated
    .filter(({ stored }) => stored)
    .reduce((edited, { key, value }) => setAtKey(edited, key, wrapSecret(key, value)), values)
}

/** A secret in the form its setting has. */
export function wrapSecret(key: string, secret: string): unknown {
  return generatedSecrets.find((candidate) => candidate.key === key)?.wrap(secret)
}

function isOccupied(values: SettingsDocument['values'], key: string): boolean {
  let member: unknown = values
  for (const name of key.split('.')) {
    if (!isTable(member)) return true
    if (!Object.hasOwn(member, name)) return false
    member = member[name]
  }
  return true
}
