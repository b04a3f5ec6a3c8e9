import { describe, expect, test } from 'bun:test'
import { DsnError, parseMysqlDsn, parsePostgresDsn } from './parse-dsn.ts'

const postgres = (query = ''): string => `postgresql://me:secret@db.example:5433/shop${query}`
const mysql = (query = ''): string => `mysql://me:secret@db.example:3307/shop${query}`
const files = { authority: '/ca', certificate: '/cert', key: '/key' }
const always = (check: string, more = {}) => ({ mode: 'always', check, files: {}, ...more })

/** The message of the error that the parser throws. */
function complaint(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    expect(error).toBeInstanceOf(DsnError)
    return String(error)
  }
  throw new Error('it was accepted')
}

describe('an address', () => {
  const place = { host: 'db.example', user: 'me', password: 'secret', database: 'shop' }

  test('names the host, the port, who we are and the database', () => {
    expect(parsePostgresDsn(postgres())).toMatchObject({ ...place, port: 5433 })
    expect(parseMysqlDsn(mysql())).toMatchObject({ ...place, port: 3307 })
  })

  test('without a port means the usual one', () => {
    expect(parsePostgresDsn('postgresql://me@h/d').port).toBe(5432)
    expect(parseMysqlDsn('mysql://me@h/d').port).toBe(3306)
  })

  test('may hold encoded characters, an IPv6 address, and for PostgreSQL the folder of a socket', () => {
    const odd = parsePostgresDsn('postgresql://m%40e:p%3Aw%25%2F@[::1]/d%20b')
    expect(odd).toMatchObject({ user: 'm@e', password: 'p:w%/', host: '::1', database: 'd b' })
    const socket = parsePostgresDsn('postgresql://me@localhost/d?host=/run/postgresql')
    expect(socket.host).toBe('/run/postgresql')
  })

  test('keeps what the driver understands beside', () => {
    const url = postgres('?application_name=g2a&options=-c%20x%3D1&channel_binding=require')
    const extras = { application_name: 'g2a', options: '-c x=1', enableChannelBinding: true }
    expect(parsePostgresDsn(url).extras).toEqual(extras)
    expect(parseMysqlDsn(mysql('?charset=utf8mb4')).extras).toEqual({})
  })

  const refused: readonly (readonly [string, () => unknown, string])[] = [
    ['no host', () => parsePostgresDsn('postgresql://me@/d'), 'not a valid address'],
    ['no user', () => parsePostgresDsn('postgresql://h/d'), 'the user is missing'],
    ['no database', () => parseMysqlDsn('mysql://me@h'), 'the name of the database is missing'],
    ['a bad code', () => parseMysqlDsn('mysql://me:se%cret@h/d'), 'the password is not encoded well'],
    ['an unknown option', () => parsePostgresDsn(postgres('?a=secret&b=1')), 'unsupported options: a, b'],
    ['an option twice', () => parseMysqlDsn(mysql('?charset=utf8mb4&charset=x')), 'charset is given twice'],
    ['another charset', () => parseMysqlDsn(mysql('?charset=latin1')), 'charset must be utf8mb4'],
    ['an odd binding', () => parsePostgresDsn(postgres('?channel_binding=x')), 'channel_binding must be'],
  ]
  for (const [name, parse, message] of refused) {
    test(`with ${name} is refused, and its password is not told`, () => {
      expect(complaint(parse)).toContain(message)
      expect(complaint(parse)).not.toContain('secret')
    })
  }
})

describe('TLS of PostgreSQL', () => {
  const plans: Readonly<Record<string, object>> = {
    '': { mode: 'prefer', check: 'nothing', files: {} },
    '?sslmode=disable': { mode: 'off' },
    '?sslmode=allow': { mode: 'allow', check: 'nothing', files: {} },
    '?sslmode=prefer': { mode: 'prefer', check: 'nothing', files: {} },
    '?sslmode=require': always('nothing'),
    '?sslmode=require&sslrootcert=/ca': always('authority', { files: { authority: '/ca' } }),
    '?sslmode=verify-ca&sslrootcert=/ca': always('authority', { files: { authority: '/ca' } }),
    '?sslmode=verify-full': always('authority-and-name'),
    '?sslmode=verify-full&sslrootcert=/ca&sslcert=/cert&sslkey=/key': always('authority-and-name', { files }),
    '?sslmode=VERIFY_FULL': always('authority-and-name'),
    '?ssl=true': always('nothing'),
    '?ssl=false': { mode: 'off' },
  }
  for (const [query, plan] of Object.entries(plans)) {
    test(`by "${query}"`, () => expect<object>(parsePostgresDsn(postgres(query)).tls).toEqual(plan))
  }

  const refused: Readonly<Record<string, string>> = {
    '?sslmode=maybe': 'sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full',
    '?sslrootcert=/ca': 'certificates need an explicit sslmode',
    '?sslmode=disable&sslrootcert=/ca': 'contradicts the certificates',
    '?sslmode=require&sslcert=/cert': 'must be given together',
    '?sslmode=require&ssl=false': 'unsupported options: ssl',
  }
  for (const [query, message] of Object.entries(refused)) {
    test(`refuses "${query}"`, () =>
      expect(complaint(() => parsePostgresDsn(postgres(query)))).toContain(message))
  }
})

describe('TLS of MySQL', () => {
  const everything = '?ssl-mode=VERIFY_CA&ssl-ca=/ca&ssl-capath=/cas&ssl-cert=/cert&ssl-key=/key&ssl-cipher=X'
  const plans: Readonly<Record<string, object>> = {
    '': { mode: 'off' },
    '?ssl-mode=DISABLED': { mode: 'off' },
    '?ssl-mode=required': always('nothing'),
    '?ssl-mode=VERIFY_CA': always('authority'),
    '?ssl-mode=VERIFY_CA&ssl-check-hostname=true': always('authority-and-name'),
    '?ssl-mode=VERIFY_IDENTITY': always('authority-and-name'),
    [everything]: always('authority', { files: { ...files, authorities: '/cas' }, ciphers: 'X' }),
  }
  for (const [query, plan] of Object.entries(plans)) {
    test(`by "${query}"`, () => expect<object>(parseMysqlDsn(mysql(query)).tls).toEqual(plan))
  }

  const refused: Readonly<Record<string, string>> = {
    '?ssl-mode=PREFERRED': 'use REQUIRED or DISABLED',
    '?ssl-mode=maybe': 'ssl-mode must be one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY',
    '?ssl-ca=/ca': 'certificates need an explicit ssl-mode',
    '?ssl-cipher=X': 'TLS options need an explicit ssl-mode',
    '?ssl-mode=DISABLED&ssl-ca=/ca': 'contradicts the certificates',
    '?ssl-mode=DISABLED&ssl-check-hostname=true': 'contradicts the other TLS options',
    '?ssl-mode=VERIFY_IDENTITY&ssl-check-hostname=false': 'contradicts ssl-check-hostname=false',
    '?ssl-mode=REQUIRED&ssl-check-hostname=true': 'needs ssl-mode=VERIFY_IDENTITY',
    '?ssl-mode=REQUIRED&ssl-key=/key': 'must be given together',
    '?ssl-mode=REQUIRED&ssl-check-hostname=x': 'must be true or false',
  }
  for (const [query, message] of Object.entries(refused)) {
    test(`refuses "${query}"`, () => expect(complaint(() => parseMysqlDsn(mysql(query)))).toContain(message))
  }
})
