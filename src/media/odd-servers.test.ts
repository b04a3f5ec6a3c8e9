import { describe, expect, test } from 'bun:test'
import { createServer, type AddressInfo } from 'node:net'
import { fetchRemote } from './fetch-remote.ts'

const HEAD = 'HTTP/1.1 200 OK\r\n'
const out = {
  signal: new AbortController().signal,
  limits: { totalSeconds: 2 },
  resolve: async () => ['127.0.0.2'],
  reach: { allowsAddress: (address: string) => address === '127.0.0.2', allowsPort: () => true },
}

/** Fetches from a server that says these bytes, whatever it is asked. */
async function fetchFrom(answer: string, { staysOpen = false, options = {} } = {}): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => (staysOpen ? socket.write(answer) : socket.end(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const { bytes } = await fetchRemote(`http://out.example:${port}/file`, { ...out, ...options })
    return Buffer.from(bytes).toString()
  } finally {
    server.close()
  }
}

describe('an answer', () => {
  test.each([
    ['without a length', `${HEAD}\r\nhello`],
    ['in chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ['after hints', `HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${HEAD}Content-Length: 5\r\n\r\nhello`],
  ])('%s is read', async (_, answer) => expect(await fetchFrom(answer)).toBe('hello'))

  test.each([
    ['cut off', `${HEAD}Content-Length: 100\r\n\r\nhello`],
    ['cut off between chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['in another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['that is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['with a length that is no number', `${HEAD}Content-Length: many\r\n\r\nhello`],
    ['with an endless head', `${HEAD}X: ${'a'.repeat(300_000)}\r\n\r\nhello`],
  ])('%s is refused', async (_, answer) => {
    await expect(fetchFrom(answer)).rejects.toThrow('the address could not be fetched')
  })

  test('that stays away after its beginning is left in time', async () => {
    const options = { limits: { totalSeconds: 0.1 } }
    const answer = `${HEAD}Content-Length: 100\r\n\r\nhello`
    await expect(fetchFrom(answer, { staysOpen: true, options })).rejects.toThrow(
      'did not arrive within 0.1 s',
    )
  })
})

test('a caller who has left already waits for nothing', async () => {
  const resolve = () => new Promise<string[]>(() => {})
  const signal = AbortSignal.abort(new Error('gone'))
  await expect(fetchRemote('http://out.example/', { ...out, signal, resolve })).rejects.toThrow('gone')
})
