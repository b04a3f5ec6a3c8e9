import { describe, expect, test } from 'bun:test'
import { textMessage, type ChatMessage, type ContentPart } from '../core/chat-request.ts'
import { findModel } from '../core/models.ts'
import { parseImageQuestion } from './image-question.ts'

const picture = (name: string): ContentPart => ({
  type: 'file',
  source: { type: 'url', url: `https://example.com/${name}` },
  param: name,
})
const text = (words: string): ContentPart => ({ type: 'text', text: words })

function ask(messages: readonly ChatMessage[], id = 'grok-imagine-image') {
  const model = findModel(id)
  if (!model) throw new Error(`no model ${id}`)
  const pictures = { count: 1, form: 'kept', as: 'text' } as const
  return parseImageQuestion({ model, messages, reasoning: true, stop: [], pictures })
}
const edit = (messages: readonly ChatMessage[]) => ask(messages, 'grok-imagine-image-edit')

describe('the prompt', () => {
  test('is the last text of the user, never that of anybody else', () => {
    const messages = [
      textMessage('user', 'a cat'),
      textMessage('assistant', 'here'),
      textMessage('system', 'x'),
    ]
    expect(ask(messages).prompt).toBe('a cat')
  })

  test('is put together from the parts of a message', () => {
    expect(ask([{ role: 'user', content: [text('a cat'), text('in fog')] }]).prompt).toBe('a cat\nin fog')
  })

  test('must be there', () => {
    expect(() => ask([textMessage('assistant', 'hi')])).toThrow(
      expect.objectContaining({ param: 'messages' }),
    )
  })
})

describe('pictures of the conversation', () => {
  const eight = Array.from({ length: 8 }, (_, index) => picture(`p${index + 1}`))

  test('are where an edit starts from: the last seven, with the numbers that the caller gave them', () => {
    const { prompt, references } = edit([
      { role: 'user', content: [...eight, text('put @image8 on @IMAGE2 like @image9')] },
    ])
    expect(references.map(({ param }) => param)).toEqual(['p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8'])
    expect(prompt).toBe('put @IMAGE7 on @IMAGE1 like @IMAGE8')
  })

  test('that are named but not among the last seven are refused', () => {
    const content = [...eight, text('like @image1')]
    expect(() => edit([{ role: 'user', content }])).toThrow(expect.objectContaining({ param: 'messages' }))
  })

  test('must be there for an edit', () => {
    expect(() => edit([textMessage('user', 'blue')])).toThrow(expect.objectContaining({ param: 'messages' }))
  })

  test('are refused by name where the model starts from words alone, unless they are of earlier turns', () => {
    const withPicture: ChatMessage = { role: 'user', content: [picture('p1'), text('blue')] }
    expect(() => ask([withPicture])).toThrow(expect.objectContaining({ param: 'p1' }))
    expect(ask([withPicture, textMessage('user', 'red')]).references).toEqual([])
  })
})
