/** An address of a database cannot be used; the message names the part and never quotes a value that may be secret. */
export class DsnError extends Error {
  override readonly name = 'DsnError'
}

/** Files that TLS needs, as paths. */
export interface TlsFiles {
  readonly authority?: string
  /** A folder of authorities. */
  readonly authorities?: string
  readonly certificate?: string
  readonly key?: string
}

/** What of the server's certificate is checked. */
export type TlsCheck = 'nothing' | 'authority' | 'authority-and-name'

/**
 * Whether connections are encrypted: never, always, or as the server has it (`prefer`: with TLS if it can; `allow`: with
 * TLS if it must).
 */
export type TlsPlan =
  | { readonly mode: 'off' }
  | {
      readonly mode: 'always' | 'prefer' | 'allow'
      readonly check: TlsCheck
      readonly files: TlsFiles
      readonly ciphers?: string
    }

/** Where a database is and who we are there. */
export interface DatabaseAddress {
  /** A name, an IP address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: TlsPlan
  /** What the address says beside, by the driver's own names. */
  readonly extras: Readonly<Record<string, string | boolean>>
}

const POSTGRES_PORT = 5432
const MYSQL_PORT = 3306

const postgresModes: Readonly<Record<string, Exclude<TlsPlan['mode'], 'off'> | 'off'>> = {
  disable: 'off',
  allow: 'allow',
  prefer: 'prefer',
  require: 'always',
  'verify-ca': 'always',
  'verify-full': 'always',
}

/** Other ways to write a mode, as earlier releases took them. */
const postgresAliases: Readonly<Record<string, string>> = {
  disabled: 'disable',
  off: 'disable',
  false: 'disable',
  '0': 'disable',
  preferred: 'prefer',
  required: 'require',
  on: 'require',
  true: 'require',
  '1': 'require',
  'no-verify': 'require',
  'verify-identity': 'verify-full',
}

/** Reads `postgresql://user:password@host:port/database?sslmode=…`; the options are those of libpq. */
export function parsePostgresDsn(text: string): DatabaseAddress {
  const { place, options } = readUrl(text, POSTGRES_PORT)
  const tls = planPostgresTls(options)
  const host = options.take('host') ?? place.host
  const extras = {
    ...options.pick({ application_name: 'application_name', options: 'options' }),
    ...(parseBinding(options.take('channel_binding')) && { enableChannelBinding: true }),
  }
  options.refuseRest()
  return { ...requireNames({ ...place, host }), tls, extras }
}

/** Reads `mysql://user:password@host:port/database?ssl-mode=…`; the options are those of the `mysql` program. */
export function parseMysqlDsn(text: string): DatabaseAddress {
  const { place, options } = readUrl(text, MYSQL_PORT)
  const tls = planMysqlTls(options)
  const charset = options.take('charset')
  if (charset !== undefined && charset.toLowerCase() !== 'utf8mb4') {
    throw new DsnError('charset must be utf8mb4, or left out')
  }
  options.refuseRest()
  return { ...requireNames(place), tls, extras: {} }
}

function planPostgresTls(options: DsnOptions): TlsPlan {
  const given = options.take('sslmode') ?? options.take('ssl')
  const files = options.pick({ sslrootcert: 'authority', sslcert: 'certificate', sslkey: 'key' })
  checkFiles(files, given !== undefined, 'sslmode')
  const written = (given ?? 'prefer').toLowerCase().replaceAll('_', '-')
  const name = postgresAliases[written] ?? written
  const mode = postgresModes[name]
  if (mode === undefined) {
    throw new DsnError(`sslmode must be one of ${Object.keys(postgresModes).join(', ')}`)
  }
  if (mode === 'off') return refuseFiles(files, 'sslmode=disable')
  if (name === 'verify-full') return { mode, check: 'authority-and-name', files }
  // as libpq has it: an authority that is given is used
  const checksAuthority = name === 'verify-ca' || (name === 'require' && files.authority !== undefined)
  return { mode, check: checksAuthority ? 'authority' : 'nothing', files }
}

const mysqlModes = ['DISABLED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const

function planMysqlTls(options: DsnOptions): TlsPlan {
  const given = options.take('ssl-mode')?.toUpperCase().replaceAll('-', '_')
  const files = options.pick({
    'ssl-ca': 'authority',
    'ssl-capath': 'authorities',
    'ssl-cert': 'certificate',
    'ssl-key': 'key',
  })
  const ciphers = options.take('ssl-cipher')
  const checksName = parseTruth(options.take('ssl-check-hostname'))
  const hasMore = ciphers !== undefined || checksName !== undefined
  if (given === undefined && hasMore) throw new DsnError('TLS options need an explicit ssl-mode')
  checkFiles(files, given !== undefined, 'ssl-mode')
  if (given === 'PREFERRED') {
    throw new DsnError(
      'ssl-mode=PREFERRED is not served: it would go on without TLS; use REQUIRED or DISABLED',
    )
  }
  const mode = mysqlModes.find((mode) => mode === (given ?? 'DISABLED'))
  if (mode === undefined) throw new DsnError(`ssl-mode must be one of ${mysqlModes.join(', ')}`)
  if (mode === 'DISABLED') {
    if (hasMore) throw new DsnError('ssl-mode=DISABLED contradicts the other TLS options')
    return refuseFiles(files, 'ssl-mode=DISABLED')
  }
  return { mode: 'always', check: chooseMysqlCheck(mode, checksName), files, ...(ciphers && { ciphers }) }
}

function chooseMysqlCheck(
  mode: Exclude<(typeof mysqlModes)[number], 'DISABLED'>,
  checksName: boolean | undefined,
): TlsCheck {
  if (mode === 'VERIFY_IDENTITY' && checksName === false) {
    throw new DsnError('ssl-mode=VERIFY_IDENTITY contradicts ssl-check-hostname=false')
  }
  if (mode === 'REQUIRED' && checksName) {
    throw new DsnError('ssl-check-hostname=true needs ssl-mode=VERIFY_IDENTITY')
  }
  if (mode === 'REQUIRED') return 'nothing'
  return mode === 'VERIFY_IDENTITY' || checksName ? 'authority-and-name' : 'authority'
}

function checkFiles(files: TlsFiles, hasMode: boolean, modeName: string): void {
  if (!hasMode && Object.keys(files).length > 0) {
    throw new DsnError(`certificates need an explicit ${modeName}`)
  }
  if ((files.certificate === undefined) !== (files.key === undefined)) {
    throw new DsnError('a client certificate and its key must be given together')
  }
}

function refuseFiles(files: TlsFiles, mode: string): TlsPlan {
  if (Object.keys(files).length > 0) throw new DsnError(`${mode} contradicts the certificates`)
  return { mode: 'off' }
}

function parseTruth(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (!/^(?:true|false|1|0)$/i.test(text)) throw new DsnError('ssl-check-hostname must be true or false')
  return text === '1' || text.toLowerCase() === 'true'
}

function parseBinding(text: string | undefined): boolean {
  if (text === undefined || text === 'disable') return false
  if (text === 'prefer' || text === 'require') return true
  throw new DsnError('channel_binding must be disable, prefer or require')
}

type Place = Pick<DatabaseAddress, 'host' | 'port' | 'user' | 'password' | 'database'>

function readUrl(text: string, defaultPort: number): { place: Place; options: DsnOptions } {
  const url = URL.parse(text)
  if (!url)
    throw new DsnError('it is not a valid address; special characters in the password are written as %XX')
  const place = {
    // an IPv6 address stands in brackets in a URL
    host: decode(url.hostname.replace(/^\[(.*)\]$/, '$1'), 'host'),
    port: url.port === '' ? defaultPort : Number(url.port),
    user: decode(url.username, 'user'),
    password: decode(url.password, 'password'),
    database: decode(url.pathname.slice(1), 'database'),
  }
  return { place, options: new DsnOptions(url.searchParams) }
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new DsnError(`the ${part} is not encoded well: a % must be written as %25`) // not the value: it may be secret
  }
}

function requireNames(place: Place): Place {
  if (place.host === '') throw new DsnError('the host is missing')
  if (place.user === '') throw new DsnError('the user is missing')
  if (place.database === '') throw new DsnError('the name of the database is missing')
  return place
}

/** The query of an address: each option is taken once, and what nobody took is refused by name. */
class DsnOptions {
  readonly #left: Map<string, string>

  constructor(parameters: URLSearchParams) {
    this.#left = new Map()
    for (const [name, value] of parameters) {
      if (this.#left.has(name)) throw new DsnError(`the option ${name} is given twice`)
      this.#left.set(name, value)
    }
  }

  /** The value of an option; an empty one counts as absent. */
  take(name: string): string | undefined {
    const value = this.#left.get(name)
    this.#left.delete(name)
    return value === '' ? undefined : value
  }

  /** The given ones of these options, by other names. */
  pick<Name extends string>(names: Readonly<Record<string, Name>>): Partial<Record<Name, string>> {
    const picked: Partial<Record<Name, string>> = {}
    for (const [option, name] of Object.entries(names)) {
      const value = this.take(option)
      if (value !== undefined) picked[name] = value
    }
    return picked
  }

  refuseRest(): void {
    const names = [...this.#left.keys()]
    if (names.length > 0) throw new DsnError(`unsupported options: ${names.join(', ')}`)
  }
}
