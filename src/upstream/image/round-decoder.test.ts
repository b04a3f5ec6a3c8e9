import { describe, expect, test } from 'bun:test'
import type { PictureEvent } from '../../core/media.ts'
import { RoundDecoder } from './round-decoder.ts'

const REQUEST = '0b0f7f0e-3c1f-4f6e-9a57-6d3f6a2b1c11'
const BLOB = Buffer.from('picture').toString('base64')
const bytes = { type: 'bytes', bytes: new Uint8Array(Buffer.from('picture')) } as const

const url = (id: string, ending = 'jpg') =>
  `https://imagine-public.x.ai/imagine-public/images/${id}.${ending}`
const start = (id: string, order = 0) => ({
  type: 'json',
  current_status: 'start_stage',
  image_id: id,
  job_id: id,
  request_id: REQUEST,
  order,
  percentage_complete: 0,
})
const image = (id: string, percent: number | null, more: object = {}) => ({
  type: 'image',
  id,
  job_id: id,
  percentage_complete: percent,
  url: url(id),
  blob: BLOB,
  ...more,
})
const completed = (id: string, more: object = {}) => ({
  type: 'json',
  current_status: 'completed',
  image_id: id,
  percentage_complete: 100,
  moderated: false,
  ...more,
})

/** What a round makes of these messages, and of its end. */
function decode(messages: readonly object[], needed = 1) {
  const decoder = new RoundDecoder({ requestId: REQUEST, needed, assetsUrl: 'https://assets.test' })
  const events: PictureEvent[] = []
  for (const message of messages) decoder.decode(JSON.stringify(message), events)
  const state = { isOver: decoder.isOver, isSettled: decoder.isSettled }
  const told = [...events]
  decoder.end(events)
  return { ...state, told, atEnd: events.slice(told.length) }
}

const done = (index: number, id: string) =>
  ({ type: 'picture-done', index, source: bytes, upstreamUrl: url(id) }) as const

describe('a round', () => {
  test('of the transcript in the specification gives one picture and tells that one was withheld', () => {
    const { told, atEnd, isOver } = decode(
      [
        start('a', 0),
        start('b', 1),
        image('a', 50, { url: url('a', 'png') }),
        image('b', 50, { url: url('b', 'png') }),
        image('a', 100),
        completed('a'),
        completed('b', { moderated: true, r_rated: true }),
      ],
      2,
    )
    expect(told).toEqual([
      { type: 'picture-progress', index: 0, percent: 10 },
      { type: 'picture-progress', index: 1, percent: 10 },
      { type: 'picture-progress', index: 0, percent: 50 },
      { type: 'picture-preview', index: 0, source: bytes },
      { type: 'picture-progress', index: 1, percent: 50 },
      { type: 'picture-preview', index: 1, source: bytes },
      done(0, 'a'),
    ])
    expect(atEnd).toEqual([{ type: 'picture-withheld', index: 1 }])
    expect(isOver).toBe(true)
  })

  test.each([
    ['after its payload', [start('a'), image('a', 100), completed('a')]],
    ['before its payload', [start('a'), completed('a'), image('a', 100)]],
    ['without having been announced', [image('a', null), completed('a')]],
    ['with the payload in it', [start('a'), completed('a', { url: url('a'), blob: BLOB })]],
  ])('finishes a picture that is completed %s', (_, messages) => {
    expect(decode(messages).told.at(-1)).toEqual(done(0, 'a'))
  })

  test('that breaks off keeps a final payload, but never takes a preview for a picture', () => {
    expect(decode([start('a'), image('a', 100)]).atEnd).toEqual([done(0, 'a')])
    expect(decode([start('a'), image('a', 50)]).atEnd).toEqual([])
  })

  test('of more pictures than were asked for puts one in the place of one that was withheld', () => {
    const messages = [
      start('a'),
      start('b'),
      completed('a', { moderated: true }),
      image('b', 100),
      completed('b'),
    ]
    const { told, atEnd } = decode(messages)
    expect([told.at(-1), atEnd]).toEqual([done(0, 'b'), []])
  })

  test('that has finished its first picture before it announced the second is settled, not over', () => {
    const { isOver, isSettled } = decode([start('a'), image('a', 100), completed('a')], 2)
    expect({ isOver, isSettled }).toEqual({ isOver: false, isSettled: true })
  })

  test('takes a picture without a payload from its address, relative to the private host or in full', () => {
    const path = 'users/u/generated/a/image.jpg'
    const { told } = decode([image('a', 100, { url: path, blob: '' }), completed('a')])
    const full = `https://assets.test/${path}`
    expect(told).toEqual([
      { type: 'picture-done', index: 0, source: { type: 'url', url: full }, upstreamUrl: full },
    ])
  })

  test.each([
    ['a data URI', `data:image/jpeg;base64,${BLOB}`],
    ['base64 without padding', BLOB.replace(/=+$/, '')],
  ])('reads a payload that is %s', (_, blob) => {
    expect(decode([image('a', 100, { blob }), completed('a')]).told).toEqual([done(0, 'a')])
  })

  test('passes over frames of other requests, of unknown types, and what is no frame', () => {
    const strange = [{}, { type: 'session_notice', id: 'x' }, [1], completed('z', { request_id: 'another' })]
    expect(decode([...strange, start('a')]).told).toEqual([
      { type: 'picture-progress', index: 0, percent: 10 },
    ])
  })
})

test.each([
  [{ err_code: 'rate_limit_exceeded', err_msg: 'Image rate limit exceeded' }, 'rate_limited'],
  [{ err_code: 'content_moderated' }, 'content_policy'],
  [{ err_code: 'invalid-credentials' }, 'credential_invalid'],
  [{}, 'upstream_unavailable'],
])('an error frame %j is %s', (fields, code) => {
  expect(() => decode([{ type: 'error', ...fields }])).toThrow(expect.objectContaining({ code }))
})
