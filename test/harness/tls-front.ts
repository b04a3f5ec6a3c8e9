import { request as askTarget, type IncomingHttpHeaders } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** TLS in front of a server that speaks none, with HTTP/2 for who can, and what it saw of those who came. */
export interface TlsFront {
  readonly port: number
  /** Where connections came from, and what they speak: `h2` or `http/1.1`. */
  readonly visits: { readonly from: string; readonly protocol: string }[]
  stop(): void
}

/** Fields that belong to one connection. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'http2-settings',
])

/** Ends TLS on loopback and passes every request on; sockets go through as they are. */
export async function startTlsFront(
  targetPort: number,
  certificate: { readonly key: string; readonly cert: string },
): Promise<TlsFront> {
  const visits: TlsFront['visits'] = []
  const open = new Set<Socket>()
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) =>
    passOn(targetPort, request, response),
  )
  server.on('secureConnection', (socket: TLSSocket) => {
    visits.push({ from: socket.remoteAddress ?? '', protocol: socket.alpnProtocol || 'http/1.1' })
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('upgrade', (request: Http2ServerRequest, socket: Socket, head: Buffer) => {
    const target = connect(targetPort, '127.0.0.1', () => {
      const fields = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`)
      target.write([`GET ${request.url} HTTP/1.1`, ...fields, '', ''].join('\r\n'))
      target.write(head)
      socket.pipe(target)
      target.pipe(socket)
    })
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      one.on('error', () => one.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = (): void => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  return { port, visits, stop }
}

function passOn(port: number, request: Http2ServerRequest, response: Http2ServerResponse): void {
  const { method, url: path } = request
  const asking = askTarget(
    { host: '127.0.0.1', port, method, path, headers: endToEnd(request.headers) },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
      answer.pipe(response)
    },
  )
  asking.on('error', () => response.stream?.close())
  response.on('close', () => asking.destroy())
  request.pipe(asking)
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(':') && !HOP.has(name)) kept[name] = value
  return kept
}
