import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RenderTagReader, type AnswerPiece } from './render-tags.ts'

const tag = (id: string): string =>
  `<grok:render card_id="${id}" card_type="citation_card" type="render_inline_citation"><argument name="citation_id">0</argument></grok:render>`

function read(tokens: readonly string[]): AnswerPiece[] {
  const reader = new RenderTagReader()
  const pieces = [...tokens.flatMap((token) => reader.push(token)), ...reader.end()]
  return pieces.reduce<AnswerPiece[]>((joined, piece) => {
    const last = joined.at(-1)
    if (piece.type === 'text' && last?.type === 'text')
      joined[joined.length - 1] = { type: 'text', text: last.text + piece.text }
    else joined.push(piece)
    return joined
  }, [])
}

describe('render tags', () => {
  test('are found among text, several in a token', () => {
    expect(read([`a${tag('1')}b${tag('2')}`])).toEqual([
      { type: 'text', text: 'a' },
      { type: 'card', cardId: '1', kind: 'render_inline_citation' },
      { type: 'text', text: 'b' },
      { type: 'card', cardId: '2', kind: 'render_inline_citation' },
    ])
  })

  test('are found wherever the answer is cut into tokens', () => {
    const answer = `x < y, <grok: no${tag('c1')} and <b>${tag('c2')} end <`
    const whole = read([answer])
    fc.assert(
      fc.property(fc.array(fc.nat({ max: answer.length })), (places) => {
        const sorted = [0, ...places.sort((a, b) => a - b), answer.length]
        expect(read(sorted.slice(1).map((end, index) => answer.slice(sorted[index], end)))).toEqual(whole)
      }),
    )
  })

  test.each(['a <', 'a <grok', `a ${tag('1').slice(0, 40)}`, '<grok:render nonsense></grok:render>'])(
    'that are none, such as %p, stay text to the last character',
    (answer) => {
      expect(read(Array.from(answer))).toEqual([{ type: 'text', text: answer }])
    },
  )

  test('that never close are let go after a bound', () => {
    const reader = new RenderTagReader()
    reader.push('<grok:render ')
    const pieces = reader.push('x'.repeat(20_000))
    expect(pieces.length).toBeGreaterThan(0)
  })
})
