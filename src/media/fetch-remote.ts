import type { IncomingMessage } from 'node:http'
import { FileRefusal } from './file-refusal.ts'
import { pinnedGet } from './pinned-get.ts'
import { isPublicAddress } from './public-address.ts'
import { nameOfUrl, parseRemoteUrl, type RemoteUrl } from './remote-url.ts'
import { resolveBySystem, resolveHost, type Reach, type Resolve } from './resolve-host.ts'

/** The bytes of a file that a stranger's server gave. */
export interface RemoteFile {
  readonly bytes: Uint8Array
  /** What the server claims it is. */
  readonly mediaType?: string
  /** The last segment of the address that answered. */
  readonly name: string
}

export interface RemoteLimits {
  readonly sizeBytes: number
  readonly redirects: number
  readonly resolveSeconds: number
  /** Of all steps together. */
  readonly totalSeconds: number
}

/** What holds unless a caller says otherwise. */
export const REMOTE_LIMITS: RemoteLimits = {
  sizeBytes: 32 * 1024 * 1024,
  redirects: 3,
  resolveSeconds: 3,
  totalSeconds: 30,
}

/** The public internet, at the ports of the web. */
export const PUBLIC_REACH: Reach = {
  allowsAddress: isPublicAddress,
  allowsPort: (port) => port === 80 || port === 443,
}

export interface FetchRemoteOptions {
  readonly signal: AbortSignal
  readonly limits?: Partial<RemoteLimits>
  /** Both are for tests; no setting leads here. */
  readonly resolve?: Resolve
  readonly reach?: Reach
}

/** Fetches a file in a caller's name. */
export type FetchRemote = (url: string, options: FetchRemoteOptions) => Promise<RemoteFile>

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308])

/**
 * Fetches a file that a caller names by its address, from the public internet only: every address of every host on the
 * way is checked, and connected to as checked. Nothing of an account goes along. Throws a {@link FileRefusal} that tells
 * the caller what is wrong, and nothing about this network.
 */
export const fetchRemote: FetchRemote = async (text, options) => {
  const limits = { ...REMOTE_LIMITS, ...options.limits }
  const timeout = AbortSignal.timeout(limits.totalSeconds * 1000)
  const signal = AbortSignal.any([options.signal, timeout])
  try {
    return await follow(parseRemoteUrl(text), { ...options, limits, signal })
  } catch (cause) {
    if (cause instanceof FileRefusal) throw cause
    options.signal.throwIfAborted()
    if (timeout.aborted) throw new FileRefusal(`the file did not arrive within ${limits.totalSeconds} s`)
    throw new FileRefusal('the address could not be fetched', { cause })
  }
}

type Way = FetchRemoteOptions & { readonly limits: RemoteLimits }

async function follow(start: RemoteUrl, way: Way): Promise<RemoteFile> {
  let target = start
  for (let redirects = 0; redirects <= way.limits.redirects; redirects++) {
    const answer = await open(target, way)
    const location = REDIRECTS.has(answer.statusCode) ? answer.headers.location : undefined
    if (location === undefined) return read(target, answer, way.limits.sizeBytes)
    answer.destroy()
    target = parseRemoteUrl(location, target.url)
  }
  throw new FileRefusal(`the address leads on more than ${way.limits.redirects} times`)
}

async function open(target: RemoteUrl, way: Way): Promise<IncomingMessage> {
  const { resolve = resolveBySystem, reach = PUBLIC_REACH, limits, signal } = way
  const timeoutSeconds = limits.resolveSeconds
  const addresses = await resolveHost(target, { resolve, reach, timeoutSeconds, signal })
  return pinnedGet(target, addresses, signal)
}

async function read({ url }: RemoteUrl, answer: IncomingMessage, limitBytes: number): Promise<RemoteFile> {
  try {
    if (answer.statusCode !== 200) throw new FileRefusal(`the address answered ${answer.statusCode}`)
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new FileRefusal('the address answered in a compressed form that was not asked for')
    const bytes = await readBody(answer, limitBytes)
    const mediaType = answer.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
    return { bytes, name: nameOfUrl(url), ...(mediaType !== '' && { mediaType }) }
  } finally {
    answer.destroy()
  }
}

async function readBody(answer: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const refuseOver = (sizeBytes: number): void => {
    if (sizeBytes > limitBytes)
      throw new FileRefusal(`the file has more than ${limitBytes} bytes`, { fault: 'too-large' })
  }
  refuseOver(Number(answer.headers['content-length'] ?? 0))
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a body in texts')
    sizeBytes += chunk.length
    refuseOver(sizeBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
