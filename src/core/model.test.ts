import { describe, expect, test } from 'bun:test'
import { modeOrder, poolOrder } from './model.ts'

describe('the order of pools', () => {
  test.each([
    ['basic', false, ['basic', 'super', 'heavy']],
    ['basic', true, ['heavy', 'super', 'basic']],
    ['super', false, ['super', 'heavy']],
    ['super', true, ['heavy', 'super']],
    ['heavy', false, ['heavy']],
    ['heavy', true, ['heavy']],
  ] as const)('for tier %s with best first %p is %p', (tier, preferBest, order) => {
    expect(poolOrder({ tier, preferBest })).toEqual([...order])
  })
})

describe('the order of modes', () => {
  test('auto gives way to fast and expert when that is on', () => {
    expect(modeOrder({ mode: 'auto', capability: 'chat' }, true)).toEqual(['auto', 'fast', 'expert'])
  })

  test.each([
    ['auto is switched off', { mode: 'auto', capability: 'chat' }, false],
    ['another mode was asked for', { mode: 'expert', capability: 'chat' }, true],
    ['it is an image model', { mode: 'auto', capability: 'image' }, true],
    ['it is a video model', { mode: 'auto', capability: 'video' }, true],
  ] as const)('only the own mode is tried when %s', (_, model, autoFallback) => {
    expect(modeOrder(model, autoFallback)).toEqual([model.mode])
  })
})
