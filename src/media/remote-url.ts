import { FileRefusal } from './file-refusal.ts'

/** The longest address that is read. */
export const MAX_URL_LENGTH = 8192

/** Names that mean this machine or this network, whatever they resolve to. */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)$/

/** The port that an address means when it names none. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** An address that may be fetched as far as its text tells. */
export interface RemoteUrl {
  readonly url: URL
  /** Without brackets and without a final dot. */
  readonly host: string
  readonly port: number
}

/** Reads an address of a file; throws a {@link FileRefusal} for what is not fetched at all. */
export function parseRemoteUrl(text: string, base?: URL): RemoteUrl {
  if (text.length > MAX_URL_LENGTH) throw new FileRefusal(`an address may have ${MAX_URL_LENGTH} characters`)
  const url = URL.parse(text, base?.href)
  if (!url) throw new FileRefusal('this is neither an address nor a base64 "data:" URI')
  const defaultPort = DEFAULT_PORTS[url.protocol]
  if (defaultPort === undefined) throw new FileRefusal('only http and https addresses are fetched')
  if (url.username !== '' || url.password !== '')
    throw new FileRefusal('an address with a user name or password in it is not fetched')
  const host = url.hostname.replaceAll(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === '' || PRIVATE_NAME.test(host.toLowerCase()))
    throw new FileRefusal('an address of a private network is not fetched')
  return { url, host, port: url.port === '' ? defaultPort : Number(url.port) }
}

/** The name of a file by its address: the last segment of the path. */
export function nameOfUrl(url: URL): string {
  const segment = url.pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(segment) || 'download'
  } catch {
    return segment // a stray percent sign: as it stands
  }
}
