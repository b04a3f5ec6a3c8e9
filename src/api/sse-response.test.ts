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

  test("sends its dialect's own sign of life instead, where it has one", async () => {
    const silence = Promise.withResolvers<void>()
    async function* speakAfterSilence(): AsyncGenerator<string> {
      await silence.promise
      yield 'data: 1\n\n'
    }
    const ping = 'event: ping\ndata: {}\n\n'
    const { body } = sseResponse(speakAfterSilence(), { onCancel: () => {}, heartbeatMs: 5, heartbeat: ping })
    const read: string[] = []
    for await (const chunk of body ?? []) {
      read.push(decoder.decode(chunk))
      silence.resolve()
    }
    expect(read[0]).toBe(ping)
    expect(read.filter((chunk) => chunk !== ping)).toEqual(['data: 1\n\n'])
  })

  test('asks for the next chunk only when the last one was taken', async () => {
    let asked = 0
    async function* endless(): AsyncGenerator<string> {
      for (;;) yield `data: ${++asked}\n\n`
    }
    const reader = sseResponse(endless(), { onCancel: () => {} }).body?.getReader()
    await reader?.read()
    await Bun.sleep(0)
    expect(asked).toBeLessThanOrEqual(3)
    await reader?.cancel()
  })

  test('closes its source when a client leaves that had stopped reading', async () => {
    let closed = false
    let left = false
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'data: x\n\n'
      } finally {
        closed = true
      }
    }
    const reader = sseResponse(source(), { onCancel: () => (left = true) }).body?.getReader()
    await reader?.read()
    await Bun.sleep(0)
    await reader?.cancel()
    expect({ closed, left }).toEqual({ closed: true, left: true })
  })

  test('closes its source when a client leaves that waits for the next chunk', async () => {
    const leaving = Promise.withResolvers<string>()
    let closed = false
    async function* source(): AsyncGenerator<string> {
      try {
        yield await leaving.promise
      } finally {
        closed = true
      }
    }
    const onCancel = (): void => leaving.reject(new Error('left'))
    const reader = sseResponse(source(), { onCancel }).body?.getReader()
    const reading = reader?.read()
    await Bun.sleep(0)
    await reader?.cancel().catch(() => undefined)
    await reading?.catch(() => undefined)
    expect(closed).toBe(true)
  })

  test('gives up a client that takes nothing for many heartbeats', async () => {
    const closed = Promise.withResolvers<string>()
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'data: x\n\n'
      } finally {
        closed.resolve('closed')
      }
    }
    const reader = sseResponse(source(), { onCancel: () => {}, heartbeatMs: 1 }).body?.getReader()
    await reader?.read()
    expect(await closed.promise).toBe('closed')
    await reader?.read().catch(() => undefined)
    await expect(reader?.read()).rejects.toThrow('takes nothing')
  })
})
