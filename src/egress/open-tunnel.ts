import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { readHead } from './read-head.ts'

/** Through which proxy, and where to. */
export interface TunnelWish {
  readonly proxyUrl: string
  readonly skipsVerification: boolean
  /** As it is; names are resolved at the proxy. */
  readonly host: string
  readonly port: number
}

const CONNECT_TIMEOUT_MS = 20_000
const SOCKS_PORT = 1080
const HTTPS_PORT = 443

/** Opens a connection through a SOCKS or HTTPS proxy. */
export function openTunnel(wish: TunnelWish): Promise<Duplex> {
  return new URL(wish.proxyUrl).protocol === 'https:' ? openThroughHttps(wish) : openThroughSocks(wish)
}

async function openThroughSocks({ proxyUrl, host, port }: TunnelWish): Promise<Duplex> {
  const { protocol, hostname, port: proxyPort, username, password } = new URL(proxyUrl)
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    destination: { host, port },
    timeout: CONNECT_TIMEOUT_MS,
    set_tcp_nodelay: true,
    proxy: {
      host: withoutBrackets(hostname),
      port: proxyPort === '' ? SOCKS_PORT : Number(proxyPort),
      type: protocol === 'socks4a:' ? 4 : 5,
      ...(username !== '' && { userId: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    },
  })
  return socket
}

async function openThroughHttps({ proxyUrl, skipsVerification, host, port }: TunnelWish): Promise<Duplex> {
  const { hostname, port: proxyPort, username, password } = new URL(proxyUrl)
  const name = withoutBrackets(hostname)
  const socket = connectTls({
    host: name,
    port: proxyPort === '' ? HTTPS_PORT : Number(proxyPort),
    rejectUnauthorized: !skipsVerification,
    ...(/[a-z]/i.test(name) && !name.includes(':') && { servername: name }),
  })
  try {
    const { promise, reject } = Promise.withResolvers<never>()
    socket.once('error', reject)
    const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const pass =
      secret === ':' ? '' : `proxy-authorization: Basic ${Buffer.from(secret).toString('base64')}\r\n`
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${pass}\r\n`)
    const { head, rest } = await Promise.race([readHead(socket, CONNECT_TIMEOUT_MS), promise])
    const status = head.split(' ')[1]
    if (status !== '200') throw new Error(`the proxy answered ${status}`)
    if (rest.length > 0) socket.unshift(rest)
    return socket
  } catch (thrown) {
    socket.destroy()
    throw thrown
  }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
