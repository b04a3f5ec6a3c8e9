import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { openTunnel } from './open-tunnel.ts'
import { readHead } from './read-head.ts'
import { dropOldest } from '../util/drop-oldest.ts'

/**
 * A CONNECT proxy on loopback, for this process only, that reaches the upstream through proxies which the runtime's own
 * client cannot speak to: SOCKS ones, and HTTPS ones whose certificate is not to be verified. Names travel unresolved.
 */
export class ProxyBridge {
  readonly #skipsVerification: () => boolean
  /** Keeps other users of the machine out. */
  readonly #password = randomBytes(24).toString('hex')
  readonly #routes = new Map<string, Route>()
  readonly #open = new Set<Duplex>()
  #listening: Promise<number> | undefined
  #server: Server | undefined

  /** `skipsVerification`: whether certificates of HTTPS proxies are trusted unseen. */
  constructor(skipsVerification: () => boolean) {
    this.#skipsVerification = skipsVerification
  }

  /** The address that the runtime's client is given for a proxy: its own, or one of the bridge. */
  async addressFor(proxyUrl: string): Promise<string> {
    const { protocol } = new URL(proxyUrl)
    const skips = protocol === 'https:' && this.#skipsVerification()
    if (protocol === 'http:' || (protocol === 'https:' && !skips)) return proxyUrl
    const id = Bun.hash(`${proxyUrl} ${skips}`).toString(36)
    this.#remember(id, { proxyUrl, skipsVerification: skips })
    const port = await (this.#listening ??= this.#listen())
    return `http://${id}:${this.#password}@127.0.0.1:${port}`
  }

  /** Closes the port and every connection. */
  close(): void {
    this.#server?.close()
    for (const socket of this.#open) socket.destroy()
  }

  #remember(id: string, route: Route): void {
    this.#routes.delete(id)
    this.#routes.set(id, route)
    dropOldest(this.#routes, MAX_ROUTES)
  }

  async #listen(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const server = createServer({ noDelay: true }, (socket) => void this.#serve(socket))
    this.#server = server
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(portOf(server.address())))
    return promise
  }

  /** One connection of ours, from its first line to its end; never throws. */
  async #serve(client: Socket): Promise<void> {
    this.#watch(client)
    let wish: Wish | undefined
    try {
      const { head, rest } = await readHead(client, HEAD_TIMEOUT_MS)
      wish = parseWish(head)
      const route = wish && this.#admit(wish)
      if (!wish || !route) return refuse(client, { status: 407, reason: 'not for you' })
      const tunnel = await openTunnel({ ...route, host: wish.host, port: wish.port })
      this.#watch(tunnel)
      // whoever left meanwhile is told of by no event any more
      if (client.destroyed) return void tunnel.destroy()
      join(client, tunnel)
      if (wish.firstBytes === undefined) client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      else tunnel.write(wish.firstBytes)
      if (rest.length > 0) tunnel.write(rest)
      client.pipe(tunnel)
      tunnel.pipe(client)
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : 'failed'
      // without a tunnel, only this status cannot be taken for the upstream's
      const status = wish?.firstBytes === undefined ? 502 : 407
      refuse(client, { status, reason: reason.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, MAX_REASON_LENGTH) })
    }
  }

  #admit({ user, password }: Wish): Route | undefined {
    return password === this.#password ? this.#routes.get(user) : undefined
  }

  #watch(socket: Duplex): void {
    this.#open.add(socket)
    socket.on('error', () => socket.destroy()) // the other end learns of it by the close
    socket.on('close', () => this.#open.delete(socket))
  }
}

interface Route {
  readonly proxyUrl: string
  readonly skipsVerification: boolean
}

/** What the runtime's client asks of its proxy. */
interface Wish {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Of a request without TLS, which is not tunnelled but sent on: how it begins there. */
  readonly firstBytes?: string
}

const MAX_ROUTES = 10_000
const HEAD_TIMEOUT_MS = 10_000
const MAX_REASON_LENGTH = 120
const HTTP_PORT = 80

function parseWish(head: string): Wish | undefined {
  const [line = '', ...fields] = head.split('\r\n')
  const [method = '', target = '', version = ''] = line.split(' ')
  const isTunnel = method === 'CONNECT'
  const url = URL.parse(isTunnel ? `http://${target}` : target)
  if (!url) return undefined
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? HTTP_PORT : Number(url.port)
  const account = readAccount(fields)
  if (isTunnel) return { host, port, ...account }
  // one request per connection: the next one may be for another host
  const kept = fields.filter((field) => field !== '' && !/^(proxy-|connection:)/i.test(field))
  const firstLine = `${method} ${url.pathname}${url.search} ${version}`
  return {
    host,
    port,
    ...account,
    firstBytes: [firstLine, ...kept, 'connection: close', '', ''].join('\r\n'),
  }
}

function readAccount(fields: readonly string[]): Pick<Wish, 'user' | 'password'> {
  const field = fields.find((text) => /^proxy-authorization: basic /i.test(text)) ?? ''
  const [user = '', password = ''] = Buffer.from(field.split(' ')[2] ?? '', 'base64')
    .toString()
    .split(':')
  return { user, password }
}

function join(client: Duplex, tunnel: Duplex): void {
  client.on('close', () => tunnel.destroy())
  tunnel.on('close', () => client.destroy())
}

/** The reason reaches the log: the runtime puts the first line into its error, and a body is kept as evidence. */
function refuse(client: Socket, { status, reason }: { status: number; reason: string }): void {
  const head = [`HTTP/1.1 ${status} ${reason}`, `content-length: ${reason.length}`, 'connection: close']
  client.end(`${head.join('\r\n')}\r\n\r\n${reason}`)
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the bridge has no port')
  return address.port
}
