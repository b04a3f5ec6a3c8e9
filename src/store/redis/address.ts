import { DsnError, type TlsPlan } from '../sql/parse-dsn.ts'

/** Where Redis is and who we are there. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  /** The number of the database. */
  readonly database: number
  readonly tls: TlsPlan
}

const REDIS_PORT = 6379

/** What `ssl_cert_reqs` may say: its names in Python, and its numbers there. */
const certificateChecks: Readonly<Record<string, boolean>> = {
  none: false,
  '0': false,
  optional: true,
  '1': true,
  required: true,
  '2': true,
}

/**
 * Reads `redis://[[user]:password@]host[:port][/number]`, with `rediss:` for TLS, and the options that version 2 took with
 * it; throws a {@link DsnError} that never quotes the address, since that holds the password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = URL.parse(text.trim())
  if (!url || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new DsnError('it must be an address such as redis://user:password@host:6379/0 (rediss: for TLS)')
  }
  const options = new Map(url.searchParams)
  const take = (name: string): string | undefined => {
    const value = options.get(name)
    options.delete(name)
    return value
  }
  const username = take('username') ?? decode(url.username, 'user')
  const password = take('password') ?? decode(url.password, 'password')
  const address: RedisAddress = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? REDIS_PORT : Number(url.port),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    database: parseDatabase(take('db') ?? url.pathname.replace(/^\//, '')),
    tls: url.protocol === 'rediss:' ? planTls(take) : { mode: 'off' },
  }
  const [unknown] = options.keys()
  if (unknown !== undefined) throw new DsnError(`it has an option that is not known: ${unknown}`)
  return address
}

function decode(part: string, name: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new DsnError(`its ${name} is not encoded as in an address: write % as %25`)
  }
}

function parseDatabase(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw new DsnError('its database must be a number, as in redis://host:6379/0')
  return Number(text)
}

function planTls(take: (name: string) => string | undefined): TlsPlan {
  const isChecked = certificateChecks[(take('ssl_cert_reqs') ?? 'required').toLowerCase()]
  if (isChecked === undefined) throw new DsnError('ssl_cert_reqs must be one of none, optional, required')
  const checksName = !['false', 'no', '0'].includes((take('ssl_check_hostname') ?? 'true').toLowerCase())
  const [authority, authorities] = [take('ssl_ca_certs'), take('ssl_ca_path')]
  const [certificate, key] = [take('ssl_certfile'), take('ssl_keyfile')]
  const checked = checksName ? 'authority-and-name' : 'authority'
  return {
    mode: 'always',
    check: isChecked ? checked : 'nothing',
    files: {
      ...(authority !== undefined && { authority }),
      ...(authorities !== undefined && { authorities }),
      ...(certificate !== undefined && { certificate }),
      ...(key !== undefined && { key }),
    },
  }
}
