import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ResponsesWS } from 'openai/resources/responses/ws'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('the socket of the openai client', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterAll(() => gateway.stop())

  test('the official client goes through two turns of a conversation on one connection', async () => {
    const client = new ResponsesWS(gateway.openai)
    const { promise, resolve, reject } = Promise.withResolvers<string[]>()
    const texts: string[] = []
    client.on('error', reject)
    client.on('response.completed', ({ response }) => {
      texts.push(
        response.output.map((item) => (item.type === 'message' ? JSON.stringify(item.content) : '')).join(''),
      )
      if (texts.length === 2) return resolve(texts)
      const input = '[[say:second]]'
      client.send({
        type: 'response.create',
        model: 'grok-4.20-fast',
        input,
        previous_response_id: response.id,
      })
    })
    client.send({ type: 'response.create', model: 'grok-4.20-fast', input: '[[say:first]]', store: false })
    const [first, second] = await promise
    expect(first).toContain('first')
    expect(second).toContain('second')
    client.close()
  })

  test('the official client is told what is wrong', async () => {
    const client = new ResponsesWS(gateway.openai)
    const { promise, resolve } = Promise.withResolvers<Error>()
    client.on('error', resolve)
    client.send({ type: 'response.create', model: 'grok-nope', input: 'hi' })
    expect((await promise).message).toContain('grok-nope')
    client.close()
  })
})
