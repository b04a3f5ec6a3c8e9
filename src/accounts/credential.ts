import { createHash } from 'node:crypto'

/** The longest credential that is accepted (spec/upstream-chat.md §1.3). */
const MAX_CREDENTIAL_LENGTH = 16 * 1024

/** Characters that a cookie value may hold (RFC 6265) but `<` and `>`, so that nothing else can enter a header or a page. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3d\x3f-\x5b\x5d-\x7e]+$/

/** `name=value`, but not a token that base64 has padded with `=`. */
const NAMED_COOKIE = /^[^=]+=[^=]/

const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/g

/** The text is not one SSO token; the message says why, without repeating it. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError'
}

/**
 * One SSO token out of what people paste: a bare token, `sso=…`, or a whole cookie header
 * (spec/control-plane.md §1.1; spec/upstream-chat.md §1.3).
 */
export function parseCredential(input: string): string {
  const text = input.replace(INVISIBLE, '').replace(DASHES, '-').trim()
  const token = fromCookies(text) ?? text
  if (token === '') throw new CredentialError('the line holds no token')
  if (token.length > MAX_CREDENTIAL_LENGTH) throw new CredentialError('the token is longer than 16 KiB')
  if (!COOKIE_VALUE.test(token)) {
    throw new CredentialError(
      'the token holds characters that no token has (spaces, quotes, commas, angle brackets, …)',
    )
  }
  return token
}

/** What identifies a credential without revealing it. */
export function hashCredential(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The value of the `sso` cookie, if the text is a cookie header or a `name=value` pair. */
function fromCookies(text: string): string | undefined {
  const header = text.replace(/^cookie:\s*/i, '')
  for (const pair of header.split(';')) {
    const [name, ...value] = pair.split('=')
    if (name?.trim().toLowerCase() === 'sso') return value.join('=').trim()
  }
  const first = (header.split(';')[0] ?? '').trim()
  const isHeader = header !== text || header.includes(';')
  if (isHeader && NAMED_COOKIE.test(first)) throw new CredentialError('the cookies hold no sso cookie')
  return isHeader ? first : undefined
}
