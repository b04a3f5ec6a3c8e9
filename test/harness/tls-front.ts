import { connect, type AddressInfo, type Socket } from 'node:net'
import { createServer } from 'node:tls'

/** TLS in front of a server that speaks none, and what it saw of those who came. */
export interface TlsFront {
  readonly port: number
  /** The addresses that connections came from, and the name that each asked for. */
  readonly visits: { readonly from: string; readonly name: string }[]
  stop(): void
}

/** Ends TLS on loopback and passes everything on as it is. */
export async function startTlsFront(
  targetPort: number,
  { key, cert }: { readonly key: string; readonly cert: string },
): Promise<TlsFront> {
  const visits: TlsFront['visits'] = []
  const open = new Set<Socket>()
  const server = createServer({ key, cert, ALPNProtocols: ['http/1.1'] }, (client) => {
    visits.push({ from: client.remoteAddress ?? '', name: String(client.servername ?? '') })
    const target = connect(targetPort, '127.0.0.1')
    for (const socket of [client, target]) {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => open.delete(socket))
    }
    client.on('close', () => target.destroy())
    target.on('close', () => client.destroy())
    client.pipe(target)
    target.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = (): void => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  return { port, visits, stop }
}
