import { describe, expect, test } from 'bun:test'
import type { Frame } from '../answers/frame.ts'
import { DEFAULT_BEHAVIOUR } from '../state/behaviour.ts'
import { encodeBody } from './encode-writes.ts'
import { planFromBehaviour, type DeliveryPlan } from './plan.ts'

const FRAMES: readonly Frame[] = ['你好', '🌍🌏', 'end'].map((token) => ({
  role: 'token',
  body: { result: { response: { token } } },
}))

const plain = planFromBehaviour(DEFAULT_BEHAVIOUR)

function plan(framing: Partial<DeliveryPlan['framing']>, rest: Partial<DeliveryPlan> = {}): DeliveryPlan {
  return { ...plain, ...rest, framing: { ...plain.framing, ...framing } }
}

function textOf(used: DeliveryPlan): string {
  return Buffer.concat(encodeBody(FRAMES, used).writes.map((write) => write.bytes)).toString()
}

describe('cutting bytes', () => {
  const cut = plan({ cutBytes: { seed: 7, minBytes: 1, maxBytes: 3 } })

  test('tears UTF-8 characters, and the pieces still make the same text', () => {
    const { writes } = encodeBody(FRAMES, cut)
    expect(writes.every((write) => write.bytes.length <= 3)).toBe(true)
    const torn = writes.filter((write) => Buffer.from(write.bytes).toString().includes('\uFFFD'))
    expect(torn.length).toBeGreaterThan(0)
    expect(textOf(cut)).toBe(textOf(plain))
  })

  test('is the same for the same seed and counts every frame once', () => {
    expect(encodeBody(FRAMES, cut)).toEqual(encodeBody(FRAMES, cut))
    expect(encodeBody(FRAMES, cut).writes.reduce((sum, write) => sum + write.frames, 0)).toBe(3)
  })
})

describe('framing', () => {
  test('writes one line per frame, each in a write of its own', () => {
    const { writes, end } = encodeBody(FRAMES, plain)
    expect(writes).toHaveLength(3)
    expect(end).toBe('close')
    expect(textOf(plain).split('\n')).toHaveLength(4)
  })

  test('can join several frames in one write', () => {
    const { writes } = encodeBody(FRAMES, plan({}, { framesPerWrite: 2 }))
    expect(writes.map((write) => write.frames)).toEqual([2, 1])
  })

  test('can prefix lines with data: and end with [DONE]', () => {
    const lines = textOf(plan({ dataPrefix: true, done: true })).split('\n')
    expect(lines[0]).toStartWith('data: {"result"')
    expect(lines[3]).toBe('data: [DONE]')
  })

  test('can leave out the newlines', () => {
    expect(textOf(plan({ newline: false }))).toContain('}}}{"result"')
  })
})
