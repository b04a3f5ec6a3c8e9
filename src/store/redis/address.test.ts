import { expect, test } from 'bun:test'
import { DsnError } from '../sql/parse-dsn.ts'
import { parseRedisAddress } from './address.ts'

const off = { mode: 'off' } as const
const tls = { mode: 'always', check: 'authority-and-name', files: {} } as const

const addresses = [
  ['redis://cache', { host: 'cache', port: 6379, database: 0, tls: off }],
  ['redis://cache:6380/3', { host: 'cache', port: 6380, database: 3, tls: off }],
  ['redis://:p%40ss@cache', { host: 'cache', port: 6379, password: 'p@ss', database: 0, tls: off }],
  [
    'redis://me:pass@[::1]:1/0',
    { host: '::1', port: 1, username: 'me', password: 'pass', database: 0, tls: off },
  ],
  ['redis://cache?db=2', { host: 'cache', port: 6379, database: 2, tls: off }],
  ['rediss://cache/1', { host: 'cache', port: 6379, database: 1, tls }],
  [
    'rediss://cache?ssl_cert_reqs=none',
    { host: 'cache', port: 6379, database: 0, tls: { ...tls, check: 'nothing' } },
  ],
  [
    'rediss://cache?ssl_ca_certs=/ca.pem&ssl_check_hostname=False',
    {
      host: 'cache',
      port: 6379,
      database: 0,
      tls: { ...tls, check: 'authority', files: { authority: '/ca.pem' } },
    },
  ],
] as const

for (const [text, address] of addresses) {
  test(`reads ${text}`, () => expect(parseRedisAddress(text)).toEqual(address))
}

const refused = [
  ['', 'redis://'],
  ['very-secret', 'redis://'],
  ['http://:very-secret@cache', 'redis://'],
  ['redis://:very-secret@cache/name', 'database'],
  ['redis://:very-secret%@cache', 'password'],
  ['redis://:very-secret@cache?colour=red', 'colour'],
  ['rediss://:very-secret@cache?ssl_cert_reqs=perhaps', 'ssl_cert_reqs'],
] as const

for (const [text, word] of refused) {
  test(`refuses ${text.replace('very-secret', '…')}, naming what is wrong and not the password`, () => {
    const read = () => parseRedisAddress(text)
    expect(read).toThrow(DsnError)
    expect(read).toThrow(word)
    expect(read).not.toThrow('very-secret')
  })
}
