import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { CredentialError, hashCredential, parseCredential } from './credential.ts'

function refusal(input: string): string {
  try {
    parseCredential(input)
  } catch (error) {
    if (error instanceof CredentialError) return error.message
    throw error
  }
  throw new Error('the credential was accepted')
}

describe('a credential is found in', () => {
  test.each([
    ['a bare token', 'abc.def-ghi_jkl'],
    ['a token between blanks', '  abc.def-ghi_jkl \r\n'],
    ['a pair', 'sso=abc.def-ghi_jkl'],
    ['a pair in capitals', 'SSO=abc.def-ghi_jkl'],
    ['a pair with an end', 'sso=abc.def-ghi_jkl;'],
    ['cookies', 'sso-rw=other; sso=abc.def-ghi_jkl; cf_clearance=x'],
    ['a cookie header', 'Cookie: i18n=en; sso=abc.def-ghi_jkl'],
    ['a set-cookie value without its name', 'abc.def-ghi_jkl; Path=/; Secure'],
    ['a token after a byte order mark', '\uFEFFabc.def-ghi_jkl'],
    ['a token with invisible characters', 'abc\u200B.def\u2060-ghi_jkl\u200D'],
    ['a token whose dash became typographic', 'abc.def\u2013ghi_jkl'],
    ['a token whose dash became a minus sign', 'abc.def\u2212ghi_jkl'],
  ])('%s', (_, input) => {
    expect(parseCredential(input)).toBe('abc.def-ghi_jkl')
  })

  test('a token that base64 has padded', () => {
    expect(parseCredential('YWJj==')).toBe('YWJj==')
    expect(parseCredential('sso=YWJj==')).toBe('YWJj==')
    expect(parseCredential('YWJj==; Path=/')).toBe('YWJj==')
  })

  test('every text that holds one, however it is wrapped', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9._-]{1,80}$/)
    fc.assert(
      fc.property(token, (token) => {
        for (const wrapped of [
          token,
          `sso=${token}`,
          `Cookie: a=b; sso=${token}; c=d`,
          ` \uFEFF${token}\r`,
        ]) {
          expect(parseCredential(wrapped)).toBe(token)
        }
      }),
    )
  })
})

describe('a credential is refused', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \t '],
    ['an empty pair', 'sso='],
    ['markup', '<svg/onload=alert(secret-part)>'],
    ['markup in a pair', 'sso=<svg/onload=alert(secret-part)>'],
    ['a line break inside', 'secret-part\r\nX-Header: 1'],
    ['a blank inside', 'secret-part password'],
    ['quotes', '"secret-part"'],
    ['a comma', 'secret-part,super'],
    ['a backslash', 'secret-part\\x'],
    ['a letter outside of ASCII', 'secret-pärt'],
    ['a control character', 'secret-part\u0000'],
    ['JSON', '{"sso":"secret-part"}'],
    ['cookies without the one', 'Cookie: cf_clearance=secret-part'],
    ['a list of cookies without the one', 'sso-rw=secret-part; i18n=en'],
  ])('that is %s, without being repeated', (_, input) => {
    expect(refusal(input)).not.toContain('secret')
  })

  test('that is longer than 16 KiB', () => {
    expect(parseCredential('a'.repeat(16_384))).toHaveLength(16_384)
    expect(refusal('a'.repeat(16_385))).toBe('the token is longer than 16 KiB')
  })

  test('by a message that never holds it, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'binary' }), (input) => {
        try {
          parseCredential(input)
        } catch (error) {
          expect(error).toBeInstanceOf(CredentialError)
          expect(String(error)).not.toContain(input)
        }
      }),
    )
  })
})

test('what is accepted can always stand in a header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (input) => {
      let token = ''
      try {
        token = parseCredential(input)
      } catch {
        return
      }
      expect(new Headers({ cookie: `sso=${token}` }).get('cookie')).toBe(`sso=${token}`)
      expect(token).not.toMatch(/[\s;,"\\]/)
    }),
  )
})

test('the hash tells credentials apart and shows nothing of them', () => {
  expect(hashCredential('token')).toMatch(/^[0-9a-f]{64}$/)
  expect(hashCredential('token')).toBe(hashCredential('token'))
  expect(hashCredential('token')).not.toBe(hashCredential('Token'))
})
