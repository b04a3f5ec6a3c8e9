import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'
import { openResponsesSocket, type ResponsesSocket, type SocketEvent } from '../harness/responses-socket.ts'

const model = 'grok-4.20-fast'

const say = (text: string) => ({ model, input: `[[say:${text}]]` })
const idOf = (events: readonly SocketEvent[]): string => events.at(-1)?.response?.id ?? ''
const textOf = (events: readonly SocketEvent[]): string => events.map(({ delta }) => delta ?? '').join('')

onBothProtocols('the socket of Responses', (protocol) => {
  let gateway: TestGateway
  let socket: ResponsesSocket

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterAll(() => gateway.stop())

  beforeEach(async () => {
    await gateway.emulator.clearRequests()
    socket = await openResponsesSocket(gateway.url)
  })

  afterEach(async () => {
    await socket.close()
    await gateway.emulator.clearFaults()
  })

  const prompts = async () => (await protocol.asked(gateway)).map(({ prompt }) => prompt)

  test('a request gets the events of a stream, each as a message, without an end mark', async () => {
    const events = await socket.ask(say('hello'))
    expect(events[0]?.type).toBe('response.created')
    expect(events.at(-1)?.type).toBe('response.completed')
    expect(textOf(events)).toBe('hello')
  })

  test('requests are answered one after another', async () => {
    expect(textOf(await socket.ask(say('one')))).toBe('one')
    expect(textOf(await socket.ask(say('two')))).toBe('two')
  })

  describe('going on', () => {
    test('works on the same connection without anything being stored', async () => {
      const first = await socket.ask({ ...say('the word is Ada'), store: false })
      const second = await socket.ask({ ...say('yes'), store: false, previous_response_id: idOf(first) })
      await socket.ask({ ...say('no'), store: false, previous_response_id: idOf(second) })
      const [, , third = ''] = await prompts()
      expect(third).toContain('[assistant]: the word is Ada')
      expect(third).toContain('[assistant]: yes')
      expect((await gateway.get(`/v1/responses/${idOf(first)}`)).status).toBe(404)
    })

    test('on another connection needs a stored answer', async () => {
      const unstored = await socket.ask({ ...say('a'), store: false })
      const stored = await socket.ask(say('b'))
      const other = await openResponsesSocket(gateway.url)
      const [refusal] = await other.ask({ ...say('c'), previous_response_id: idOf(unstored) })
      expect(refusal).toMatchObject({
        type: 'error',
        status: 400,
        error: { code: 'previous_response_not_found' },
      })
      expect(textOf(await other.ask({ ...say('d'), previous_response_id: idOf(stored) }))).toBe('d')
      await other.close()
    })

    test('that fails lets go of the answer that it went on from', async () => {
      const first = await socket.ask({ ...say('a'), store: false })
      const turn = { model, store: false, previous_response_id: idOf(first) }
      const [refusal] = await socket.ask({ ...turn, input: [{ type: 'function_call_output', output: 'x' }] })
      expect(refusal).toMatchObject({ type: 'error', status: 400 })
      const [gone] = await socket.ask({ ...turn, input: 'hi' })
      expect(gone?.error?.code).toBe('previous_response_not_found')
    })

    test('from a warm-up, which asks nothing of the upstream', async () => {
      const warm = await socket.ask({
        model,
        store: false,
        generate: false,
        input: [{ type: 'message', role: 'developer', content: 'Speak Latin.' }],
      })
      expect(warm.map(({ type }) => type)).toEqual([
        'response.created',
        'response.in_progress',
        'response.completed',
      ])
      expect(warm.at(-1)?.response?.output).toEqual([])
      expect(await prompts()).toEqual([])
      await socket.ask({ ...say('salve'), store: false, previous_response_id: idOf(warm) })
      expect((await prompts())[0]).toStartWith('[system]: Speak Latin.')
    })

    test('over tool calls sends only what is new', async () => {
      const tools = [{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} } }]
      const first = await socket.ask({
        model,
        store: false,
        tools,
        input: '[[step1:call look {}]] [[step2:say seen]]',
      })
      const call = first.find(({ type }) => type === 'response.output_item.done') as unknown as {
        item: { call_id: string }
      }
      const input = [{ type: 'function_call_output', call_id: call.item.call_id, output: 'a cat' }]
      const second = await socket.ask({
        model,
        store: false,
        tools,
        input,
        previous_response_id: idOf(first),
      })
      expect(textOf(second)).toBe('seen')
    })

    test('from a compacted conversation begins a new chain', async () => {
      const first = await socket.ask(say('the word is Ada'))
      const compacted = await gateway.post('/v1/responses/compact', {
        model,
        previous_response_id: idOf(first),
      })
      const { output } = (await compacted.json()) as { output: object[] }
      const events = await socket.ask({ model, input: [...output, { role: 'user', content: '[[say:on]]' }] })
      expect(textOf(events)).toBe('on')
    })
  })

  describe('errors', () => {
    test.each([
      ['no JSON', '{', 'invalid_value'],
      ['another event', JSON.stringify({ type: 'response.steer' }), 'invalid_value'],
      [
        'an unknown model',
        JSON.stringify({ type: 'response.create', model: 'nope', input: 'x' }),
        'model_not_found',
      ],
    ])('%s is told, and the connection goes on', async (_, text, code) => {
      socket.sendRaw(text)
      const [refusal] = await socket.take(1)
      expect(refusal).toMatchObject({ type: 'error', error: { code } })
      expect(textOf(await socket.ask(say('still here')))).toBe('still here')
    })

    test('a failure before the first event is an error with its status', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'server-error' } })
      const [failure] = await socket.ask(say('x'))
      expect(failure).toMatchObject({ type: 'error', status: 502 })
    })

    test('a failure after it is a failed response', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'cut', afterFrames: 6 } })
      const events = await socket.ask({ model, input: '[[tokens:50]]' })
      expect(events.at(-1)?.type).toBe('response.failed')
    })

    test('too many requests at once are refused', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'stall' } })
      for (let request = 0; request < 17; request++) {
        socket.sendRaw(JSON.stringify({ type: 'response.create', ...say('x') }))
      }
      const [refusal] = await socket.take(1)
      expect(refusal).toMatchObject({ type: 'error', status: 429 })
    })

    test('a wrong key never gets a connection', async () => {
      const response = await fetch(`${gateway.url}/v1/responses`, {
        headers: { upgrade: 'websocket', connection: 'upgrade', authorization: 'Bearer nope' },
      })
      expect(response.status).toBe(401)
    })
  })

  test('lanes run side by side, and their events carry their names', async () => {
    await gateway.emulator.addFault({
      path: protocol.path,
      promptIncludes: 'slow',
      action: { type: 'stall' },
    })
    socket.sendRaw(JSON.stringify({ type: 'response.create', stream_id: 'a', model, input: 'slow' }))
    const events = await socket.ask({ ...say('quick'), stream_id: 'b' })
    expect(textOf(events)).toBe('quick')
    expect(new Set(events.map(({ stream_id: lane }) => lane))).toEqual(new Set(['b']))
  })

  test('a client that leaves ends what is under way, and blames nobody', async () => {
    await gateway.emulator.addFault({ path: protocol.path, action: { type: 'pace', milliseconds: 50 } })
    const leaving = await openResponsesSocket(gateway.url)
    leaving.sendRaw(JSON.stringify({ type: 'response.create', model, input: '[[tokens:500]]' }))
    await leaving.take(4)
    await leaving.close()
    await eventually(
      () => gateway.inFlight(),
      (inFlight) => inFlight === 0,
    )
    const [request] = await protocol.calls(gateway)
    expect(request?.outcome).not.toBe('complete')
  })
})
