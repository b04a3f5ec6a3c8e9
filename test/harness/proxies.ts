import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** A small proxy for tests, on loopback; it reaches every name at 127.0.0.1. */
export interface TestProxy {
  readonly url: string
  /** What it was asked to reach, as the client said it: `name:port`. */
  readonly targets: string[]
  /** Connections that are open through it now. */
  openTunnels(): number
  /** From now on every connection is dropped (`drop`), refused in its own words (`refuse`), or served. */
  behave(how: 'serve' | 'drop' | 'refuse'): void
  stop(): void
}

export interface TestProxyOptions {
  readonly user?: string
  readonly password?: string
  /** Speaks TLS to its clients. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

type Behaviour = 'serve' | 'drop' | 'refuse'

/** A CONNECT proxy that also takes plain requests, one per connection. */
export function startHttpProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  return start(options.tls ? 'https' : 'http', options, (client, state) => {
    client.once('data', (head) => {
      const text = head.toString('latin1')
      const [method = '', target = ''] = text.split(' ')
      const given = /^proxy-authorization: basic (\S+)/im.exec(text)?.[1] ?? ''
      const wanted = options.user === undefined ? '' : btoa(`${options.user}:${options.password ?? ''}`)
      if (given !== wanted)
        return client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
      if (state.behaviour === 'refuse')
        // of a plain request, 502 would be taken for the upstream's own answer
        return client.end(`HTTP/1.1 ${method === 'CONNECT' ? 502 : 407} No\r\ncontent-length: 0\r\n\r\n`)
      const url = new URL(method === 'CONNECT' ? `http://${target}` : target)
      const tunnel = state.open(client, url.hostname, Number(url.port || 80))
      if (method === 'CONNECT') return client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      const plain = text.replace(target, url.pathname + url.search).replace(/^connection: .*\r\n/im, '')
      return tunnel.write(Buffer.from(plain.replace('\r\n', '\r\nconnection: close\r\n'), 'latin1'))
    })
  })
}

/** A SOCKS5 proxy that takes names only: an address that was resolved before is refused. */
export function startSocksProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  return start('socks5h', options, (client, state) => {
    const steps = socksSteps(options, state)
    let waiting = Buffer.alloc(0)
    const take = (chunk: Buffer): void => {
      waiting = Buffer.concat([waiting, chunk])
      const step = steps[0]
      const used = step?.(client, waiting) ?? 0
      if (used === 0) return
      waiting = waiting.subarray(used)
      steps.shift()
      if (steps.length === 0) client.off('data', take)
    }
    client.on('data', take)
  })
}

type Step = (client: Socket, bytes: Buffer) => number

function socksSteps({ user, password = '' }: TestProxyOptions, state: State): Step[] {
  const greet: Step = (client, bytes) => {
    client.write(Buffer.from([5, user === undefined ? 0 : 2]))
    return 2 + (bytes[1] ?? 0)
  }
  const admit: Step = (client, bytes) => {
    const nameEnd = 2 + (bytes[1] ?? 0)
    const end = nameEnd + 1 + (bytes[nameEnd] ?? 0)
    const given = `${bytes.toString('utf8', 2, nameEnd)}:${bytes.toString('utf8', nameEnd + 1, end)}`
    const isRight = given === `${user}:${password}`
    client.write(Buffer.from([1, isRight ? 0 : 1]))
    if (!isRight) client.end()
    return end
  }
  const reach: Step = (client, bytes) => {
    const [, , , type, length = 0] = bytes
    const isName = type === 3
    if (!isName || state.behaviour === 'refuse') {
      client.end(Buffer.from([5, isName ? 1 : 8, 0, 1, 0, 0, 0, 0, 0, 0]))
      return bytes.length
    }
    state.open(client, bytes.toString('utf8', 5, 5 + length), bytes.readUInt16BE(5 + length))
    client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
    return 7 + length
  }
  return user === undefined ? [greet, reach] : [greet, admit, reach]
}

interface State {
  behaviour: Behaviour
  open(client: Socket, host: string, port: number): Socket
}

async function start(
  scheme: string,
  options: TestProxyOptions,
  serve: (client: Socket, state: State) => void,
): Promise<TestProxy> {
  const targets: string[] = []
  const tunnels = new Set<Socket>()
  const state: State = {
    behaviour: 'serve',
    open: (client, host, port) => {
      targets.push(`${host}:${port}`)
      const tunnel = connect(port, '127.0.0.1')
      tunnels.add(tunnel)
      tunnel.on('error', () => tunnel.destroy())
      tunnel.on('close', () => {
        tunnels.delete(tunnel)
        client.end()
      })
      client.on('close', () => tunnel.destroy())
      client.pipe(tunnel)
      tunnel.pipe(client)
      return tunnel
    },
  }
  const take = (client: Socket): void => {
    client.on('error', () => client.destroy())
    if (state.behaviour === 'drop') client.destroy()
    else serve(client, state)
  }
  const server: Server = options.tls ? createTlsServer(options.tls, take) : createServer(take)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const pass = options.user === undefined ? '' : `${options.user}:${options.password ?? ''}@`
  return {
    url: `${scheme}://${pass}127.0.0.1:${port}`,
    targets,
    openTunnels: () => tunnels.size,
    behave: (how) => (state.behaviour = how),
    stop: () => {
      server.close()
      for (const tunnel of tunnels) tunnel.destroy()
    },
  }
}
