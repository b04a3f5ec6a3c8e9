import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })

interface RawAnswer {
  readonly text: string
  /** The socket error, such as ECONNRESET, or null after a plain end. */
  readonly error: string | null
}

/** Sends a chat turn over a plain socket, to see what really goes over the wire. */
function rawChat(message: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(service.url)
  const body = JSON.stringify({ message, modeId: 'fast' })
  const head = [
    'POST /rest/app-chat/conversations/new HTTP/1.1',
    'Host: emulator',
    'Cookie: sso=demo-super-token; sso-rw=demo-super-token',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let error: string | null = null
    const socket = connect(Number(port), hostname, () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`))
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
    socket.on('error', (reason) => {
      error = 'code' in reason ? String(reason.code) : reason.message
    })
    socket.on('close', () => resolve({ text: Buffer.concat(chunks).toString(), error }))
  })
}

describe('the end of a body', () => {
  test('a whole answer ends with the terminating chunk', async () => {
    const { text, error } = await rawChat('[user]: [[say:hello]]')
    expect(error).toBeNull()
    expect(text).toEndWith('0\r\n\r\n')
  })

  test('a reset is a TCP reset after exactly the frames before it', async () => {
    const { text, error } = await rawChat('[user]: [[tokens:9]][[reset:7]]')
    expect(error).toBe('ECONNRESET')
    expect(text.match(/"result"/g)).toHaveLength(7)
    expect(text).not.toEndWith('0\r\n\r\n')
    const record = await service.control.waitForRequest({ outcome: 'reset' })
    expect(record.framesSent).toBe(7)
  })

  test('a reset fault closes the connection before any byte', async () => {
    await service.control.addFault({ action: { type: 'reset' } })
    expect(await rawChat('[user]: Hi')).toEqual({ text: '', error: 'ECONNRESET' })
    await service.control.waitForRequest({ outcome: 'reset' })
  })

  test('a cut ends the body cleanly inside a JSON object', async () => {
    const response = await service.chat({ message: '[user]: [[cut:5]][[tokens:9]]' })
    const lines = (await response.text()).split('\n')
    expect(lines).toHaveLength(6)
    expect(() => JSON.parse(lines[4] ?? '')).not.toThrow()
    expect(() => JSON.parse(lines[5] ?? '')).toThrow()
  })

  test('a cut at a byte sends exactly that many bytes', async () => {
    await service.control.addFault({ action: { type: 'cut', atByte: 777, how: 'close' } })
    expect((await (await service.chat({})).arrayBuffer()).byteLength).toBe(777)
  })

  test('a cut hits answers that are no stream too', async () => {
    await service.control.addFault({
      path: '/rest/rate-limits',
      action: { type: 'cut', atByte: 10, how: 'close' },
    })
    expect(await (await service.post('/rest/rate-limits', { modelName: 'fast' })).text()).toBe('{"windowSi')
  })
})

describe('a client that leaves', () => {
  const leaving = [
    ['a paced stream', '[[tokens:1000]][[pace:20]]'],
    ['a stalled stream', '[[stall:6]]'],
    ['a stream that stalls before its first frame', '[[stall:0]]'],
    ['a stream that waits for its first frame', '[[wait:60000]]'],
  ] as const
  for (const [title, words] of leaving) {
    test(`is seen at once in ${title}`, async () => {
      const controller = new AbortController()
      const response = await service.chat({ message: `[user]: ${words}`, signal: controller.signal })
      await response.body?.getReader().read()
      expect((await service.control.counters()).openStreams).toBe(1)
      const leftAt = performance.now()
      controller.abort()
      const record = await service.control.waitForRequest({ outcome: 'client-closed' })
      expect(performance.now() - leftAt).toBeLessThan(500)
      expect(record.status).toBe(200)
      expect(await service.control.counters()).toMatchObject({ openStreams: 0, maxOpenStreams: 1 })
    })
  }

  test('during the wait for the headers is seen too', async () => {
    await service.control.addFault({ action: { type: 'latency', headersMilliseconds: 60_000 } })
    const controller = new AbortController()
    const asked = service.chat({ signal: controller.signal }).catch(() => null)
    await service.control.waitForRequest({ outcome: 'open' })
    controller.abort()
    expect(await asked).toBeNull()
    await service.control.waitForRequest({ outcome: 'client-closed' })
  })
})
