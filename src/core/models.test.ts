import { describe, expect, test } from 'bun:test'
import { findModel, models } from './models.ts'
import { isMediaMode, poolOrder } from './model.ts'
import { defaultQuota } from './quota.ts'

describe('the catalogue', () => {
  test('has every model that the seed promises, in its order', () => {
    expect(models.map(({ id }) => id)).toEqual([
      'grok-4.20-0309-non-reasoning',
      'grok-4.20-0309',
      'grok-4.20-0309-reasoning',
      'grok-4.20-0309-non-reasoning-super',
      'grok-4.20-0309-super',
      'grok-4.20-0309-reasoning-super',
      'grok-4.20-0309-non-reasoning-heavy',
      'grok-4.20-0309-heavy',
      'grok-4.20-0309-reasoning-heavy',
      'grok-4.20-multi-agent-0309',
      'grok-4.20-fast',
      'grok-4.20-auto',
      'grok-4.20-expert',
      'grok-4.20-heavy',
      'grok-4.3-beta',
      'grok-imagine-image-lite',
      'grok-imagine-image',
      'grok-imagine-image-pro',
      'grok-imagine-image-edit',
      'grok-imagine-video',
    ])
  })

  test('names no model twice', () => {
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length)
  })

  test('asks the best pool first only for the four models that say so', () => {
    const preferBest = models.filter((model) => model.preferBest).map(({ id }) => id)
    expect(preferBest).toEqual(['grok-4.20-fast', 'grok-4.20-auto', 'grok-4.20-expert', 'grok-4.20-heavy'])
  })

  test('every model can be served by every pool that it asks', () => {
    for (const model of models) {
      if (isMediaMode(model.mode)) continue // not counted until the upstream tells
      for (const tier of poolOrder(model)) expect(defaultQuota(tier)).toHaveProperty(model.mode)
    }
  })

  test('creation times are whole seconds and do not change from start to start', () => {
    for (const model of models) expect(model.createdAtSeconds).toBe(Date.UTC(2026, 2, 9) / 1000)
  })
})

describe('looking up a model', () => {
  test('finds it by its exact id', () => {
    expect(findModel('grok-4.20-fast')).toMatchObject({ name: 'Grok 4.20 Fast', mode: 'fast', tier: 'basic' })
  })

  test.each(['', 'GROK-4.20-FAST', 'grok-4.20', 'constructor', '__proto__'])('does not find %p', (id) => {
    expect(findModel(id)).toBeUndefined()
  })
})
