import { describe, expect, test } from 'bun:test'
import { changedKeys, planRollback } from './config-rollback.ts'

const free = (): boolean => false

describe('the way back to an earlier version', () => {
  test('sets what was set, and resets what was not', () => {
    const now = { chat: { timeout: 5 }, image: { timeout: 6 }, video: { timeout: 7 } }
    const then = { chat: { timeout: 9 }, video: { timeout: 7 }, nsfw: { timeout: 8 } }
    expect(planRollback(now, then, free)).toEqual({
      patch: { 'chat.timeout': 9, 'nsfw.timeout': 8 },
      reset: ['image.timeout'],
      skipped: [],
    })
  })

  test('never takes a generated password away', () => {
    const plan = planRollback({ app: { app_key: 'now', api_key: ['now'] } }, {}, free)
    expect(plan).toMatchObject({ patch: {}, reset: [] })
    expect(plan.skipped.map(({ key }) => key)).toEqual(['app.app_key', 'app.api_key'])
  })

  test('skips what the environment sets and what is not valid, and says so', () => {
    const then = { chat: { timeout: 9 }, image: { timeout: 'soon' }, video: { timeout: '12' } }
    const plan = planRollback({}, then, (key) => key === 'chat.timeout')
    expect(plan.patch).toEqual({ 'video.timeout': 12 })
    expect(plan.skipped.map(({ key }) => key)).toEqual(['chat.timeout', 'image.timeout'])
  })

  test('reads the names of earlier releases', () => {
    const then = { proxy: { cf_cookies: 'a=b' } }
    expect(planRollback({}, then, free).patch).toEqual({ 'proxy.clearance.cf_cookies': 'a=b' })
  })
})

test('a difference is told by setting, not by what else is in the documents', () => {
  expect(changedKeys({ notes: 1, retry: { on_codes: [1] } }, { retry: { on_codes: [1] } })).toEqual([])
})
