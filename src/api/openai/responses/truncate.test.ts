import { describe, expect, test } from 'bun:test'
import { textMessage, type ChatMessage, type ChatRequest } from '../../../core/chat-request.ts'
import { GatewayError } from '../../../core/error.ts'
import { models } from '../../../core/models.ts'
import type { ClientChat } from '../../chat-door.ts'
import { dropOlderHalf, openTruncated } from './truncate.ts'

const user = (text: string): ChatMessage => textMessage('user', text)
const system = textMessage('system', 'rules')
const call: ChatMessage = {
  role: 'assistant',
  content: [],
  toolCalls: [{ id: 'c', name: 'f', input: '{}' }],
}
const result: ChatMessage = { role: 'tool', callId: 'c', content: [] }

describe('a conversation that is too long', () => {
  test('loses its older half, but no instruction', () => {
    expect(dropOlderHalf([user('1'), system, user('2'), user('3'), user('4')])).toEqual([
      system,
      user('3'),
      user('4'),
    ])
  })

  test('never keeps a result without its call', () => {
    expect(dropOlderHalf([user('1'), call, result, user('2')])).toEqual([user('2')])
  })

  test('has nothing to lose when one message is left', () => {
    expect(dropOlderHalf([system, user('1')])).toBeUndefined()
    expect(dropOlderHalf([call, result])).toBeUndefined()
  })

  const [model] = models
  if (!model) throw new Error('no models')
  const request = (messages: readonly ChatMessage[]): ChatRequest => ({
    model,
    messages,
    reasoning: false,
    stop: [],
  })
  const tooLong = new GatewayError('context_length_exceeded', 'Too long.')

  test('is cut until it fits', async () => {
    const tried: number[] = []
    await openTruncated(request(Array.from({ length: 9 }, () => user('x'))), async ({ messages }) => {
      tried.push(messages.length)
      if (messages.length > 2) throw tooLong
      return {} as ClientChat
    })
    expect(tried).toEqual([9, 4, 2])
  })

  test('is refused when it never fits, and other failures are not tried again', async () => {
    const open = (failure: GatewayError) =>
      openTruncated(request([user('1'), user('2')]), () => Promise.reject(failure))
    await expect(open(tooLong)).rejects.toBe(tooLong)
    const other = new GatewayError('no_account', 'None.')
    await expect(open(other)).rejects.toBe(other)
  })
})
