import { afterAll, expect, test } from 'bun:test'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { eventually } from '../../test/harness/eventually.ts'
import { ProxyBridge } from './proxy-bridge.ts'

const SLOWNESS_MS = 300
const open = new Set<Socket>()

/** A SOCKS 5 proxy that takes its time, and reaches everything. */
const proxy = createServer((socket) => {
  open.add(socket)
  socket.on('close', () => open.delete(socket))
  socket.once('data', () => {
    socket.write(Uint8Array.of(5, 0))
    socket.once('data', () => {
      setTimeout(() => socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)), SLOWNESS_MS)
    })
  })
})
const bridge = new ProxyBridge(() => false)
afterAll(() => {
  bridge.close()
  proxy.close()
})

test('a tunnel is closed when the client has left while it was opened', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  proxy.listen(0, '127.0.0.1', () => resolve())
  await promise
  const { port } = proxy.address() as AddressInfo
  const address = await bridge.addressFor(`socks5h://127.0.0.1:${port}`)
  const leaving = new AbortController()
  const asking = fetch('https://up.test/', { proxy: address, signal: leaving.signal })
  const count = (): number => open.size
  await eventually(count, (sockets) => sockets === 1, 1000)
  leaving.abort()
  await expect(asking).rejects.toThrow()
  await Bun.sleep(SLOWNESS_MS * 2)
  await eventually(count, (sockets) => sockets === 0, 1000)
})
