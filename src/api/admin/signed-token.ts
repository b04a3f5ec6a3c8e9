import { createHmac } from 'node:crypto'
import type { z } from 'zod'
import { isSameText } from '../../util/same-text.ts'

/** What a token is for; one made for one purpose is worth nothing for another. */
export type TokenPurpose = 'session' | 'stream-ticket'

/** A text that carries a payload and proves that it was made with this key: `<payload>.<HMAC-SHA-256>`, both base64url. */
export function signToken(key: Buffer, purpose: TokenPurpose, payload: object): string {
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url')
  return `${body}.${macOf(key, purpose, body)}`
}

/** The payload of a token that this key has signed for this purpose; undefined for any other text. */
export function openToken<Schema extends z.ZodType>(
  key: Buffer,
  { purpose, schema, token }: { purpose: TokenPurpose; schema: Schema; token: string },
): z.output<Schema> | undefined {
  const [body, mac, ...rest] = token.split('.')
  if (body === undefined || mac === undefined || rest.length > 0) return undefined
  if (!isSameText(mac, macOf(key, purpose, body))) return undefined
  // only what was signed here is parsed
  const result = schema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()))
  return result.success ? result.data : undefined
}

/** A text that only the holder of the key can make for this purpose and subject. */
export function macOf(key: Buffer, purpose: string, subject: string): string {
  return createHmac('sha256', key).update(`${purpose}\0${subject}`).digest('base64url')
}
