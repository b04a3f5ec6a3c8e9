import { expect, test } from 'bun:test'
import { createServer, type AddressInfo } from 'node:net'

const PROGRAM = `
import { dropProxyVariables } from '${import.meta.dir}/proxy-variables.ts'
import { openRuntimeSocket } from '${import.meta.dir}/../upstream/socket.ts'
if (process.argv[1] === 'drop') dropProxyVariables(process.env)
const signal = AbortSignal.timeout(5_000)
const request = { url: 'ws://127.0.0.1:9/', headers: {}, proxyUrl: process.env.TRAP, signal }
await openRuntimeSocket(request).catch(() => undefined)
`

test('a configured proxy is taken although the environment excepts every host', async () => {
  let asked = 0
  const trap = createServer((socket) => {
    asked++
    socket.end('HTTP/1.1 502 no\r\ncontent-length: 0\r\n\r\n')
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  trap.listen(0, '127.0.0.1', () => resolve())
  await promise
  const { port } = trap.address() as AddressInfo
  const run = (how: string): Promise<number> =>
    Bun.spawn([process.execPath, '-e', PROGRAM, how], {
      env: { ...process.env, NO_PROXY: '*', TRAP: `http://127.0.0.1:${port}` },
    }).exited
  await run('keep')
  const askedBefore = asked
  await run('drop')
  trap.close()
  expect([askedBefore, asked]).toEqual([0, 1])
})
