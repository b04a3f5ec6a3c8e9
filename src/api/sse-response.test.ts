import { describe, expect, test } from 'bun:test'
import { sseResponse } from './sse-response.ts'

const decoder = new TextDecoder()
const HEARTBEAT = ': keep-alive\n\n'

describe('an event stream', () => {
  test('sends heartbeats through silence, and only between whole chunks', async () => {
    const silence = Promise.withResolvers<void>()
    async function* speakAfterSilence(): AsyncGenerator<string> {
      await silence.promise
      yield 'data: 1\n\n'
    }
    const { body } = sseResponse(speakAfterSilence(), { onCancel: () => {}, heartbeatMs: 5 })
    const read: string[] = []
    for await (const chunk of body ?? []) {
      read.push(decoder.decode(chunk))
      if (read.length === 2) silence.resolve()
    }
    expect(read.slice(0, 2)).toEqual([HEARTBEAT, HEARTBEAT])
    expect(read.filter((chunk) => chunk !== HEARTBEAT)).toEqual(['data: 1\n\n'])
  })

  test('asks for the next chunk only when the last one was taken', async () => {
    let asked = 0
    const frames: AsyncIterator<string> = {
      next: async () => ({ done: false, value: `data: ${++asked}\n\n` }),
    }
    const reader = sseResponse(frames, { onCancel: () => {} }).body?.getReader()
    await reader?.read()
    await Bun.sleep(0)
    expect(asked).toBeLessThanOrEqual(3)
    await reader?.cancel()
  })

  test('says so when the client leaves', async () => {
    let left = false
    const frames: AsyncIterator<string> = { next: () => Promise.withResolvers<never>().promise }
    const response = sseResponse(frames, { onCancel: () => (left = true) })
    await response.body?.cancel()
    expect(left).toBe(true)
  })
})
