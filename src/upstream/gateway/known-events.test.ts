import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../util/json-fields.ts'
import { ChatDecoder } from './chat-decoder.ts'
import { MessageReader } from './message-reader.ts'

const chunk = (parts: JsonObject): JsonObject => ({ type: 'response.chunk', chunk: parts })

describe('what nothing here knows', () => {
  const output = (fields: JsonObject): JsonObject => ({ type: 'response.grok.output', output: fields })
  test.each([
    [{ type: 'presence.update' }, 'event presence.update', false],
    [chunk({ hologram: {} }), 'chunk with hologram', false],
    [{ type: 'response.chunk' }, 'response.chunk of another shape', false],
    [{ type: 'response.chunk', chunk: 'hello' }, 'response.chunk of another shape', false],
    [chunk({ text: 'hello' }), 'chunk text of another shape', false],
    [chunk({ text: { text: ['hello'] } }), 'chunk text of another shape', false],
    [chunk({ text: { content: 'hello' } }), 'chunk text with content', false],
    [chunk({ tool_result: 'hello' }), 'chunk tool_result of another shape', false],
    [chunk({ text: { text: 'hello' }, mood: 1 }), 'chunk with mood', true],
    [{ type: 'response.output_text.delta', delta: {} }, 'response.output_text of another shape', false],
    [output({ video_attachment: {} }), 'output with video_attachment', false],
    [{ type: 'response.grok.output' }, 'response.grok.output of another shape', false],
  ] as const)('%j is noted as %s', (event, kind, isHeard) => {
    const noted: unknown[] = []
    const decoder = new ChatDecoder('https://assets.test', (...drift) => noted.push(drift))
    expect(decoder.decode(event, [])).toBe(isHeard)
    expect(noted).toEqual([[`chat: ${kind}`, event]])
    expect(decoder.silent().reason).toBe(isHeard ? 'upstream-silent' : 'protocol-drift')
  })

  test('is not what is known and of no use, nor an empty text', () => {
    const noted: unknown[] = []
    const decoder = new ChatDecoder('https://assets.test', (...drift) => noted.push(drift))
    const quiet = [
      chunk({ ui_layout: {} }),
      chunk({ follow_up_suggestions: [] }),
      chunk({ text: { text: '' } }),
      chunk({ text: { channel: 3 } }),
    ]
    for (const event of [...quiet, { type: 'response.persisted' }]) {
      expect(decoder.decode(event, [])).toBeTrue()
    }
    expect([noted, decoder.silent().reason]).toEqual([[], 'upstream-silent'])
  })

  test.each([
    ['5', 'frame of another shape'],
    ['[1]', 'frame of another shape'],
    ['null', 'frame of another shape'],
    ['{"payload":{"type":"x"}}', 'frame with payload'],
    ['{"event":{"kind":"x"}}', 'event without a type'],
  ])('is a frame %s: %s', (text, kind) => {
    const noted: unknown[] = []
    const reader = new MessageReader((...drift) => noted.push(drift))
    expect(reader.read(text)).toEqual([])
    expect(noted).toEqual([[kind, JSON.parse(text)]])
  })
})
