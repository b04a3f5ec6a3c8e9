import { expect, test } from 'bun:test'
import { framesOf, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })

const TOKEN = 'demo-basic-token'

async function quota(modelName: string, token = TOKEN): Promise<unknown> {
  return (await service.post('/rest/rate-limits', { modelName }, token)).json()
}

const EMPTY = { lowEffortRateLimits: null, highEffortRateLimits: null }

test('a basic account has auto, fast and expert windows', async () => {
  const auto = { windowSizeSeconds: 7200, remainingQueries: 20, totalQueries: 20, ...EMPTY }
  expect(await quota('auto')).toEqual(auto)
  expect(await quota('expert')).toEqual(auto)
  expect(await quota('fast')).toEqual({
    windowSizeSeconds: 86_400,
    remainingQueries: 30,
    totalQueries: 30,
    ...EMPTY,
  })
})

test('a mode that the account does not have, or that does not exist, is 400', async () => {
  for (const modelName of ['heavy', 'nonsense']) {
    expect((await service.post('/rest/rate-limits', { modelName }, TOKEN)).status).toBe(400)
    expect((await service.chat({ token: TOKEN, modeId: modelName })).status).toBe(400)
  }
  expect((await service.post('/rest/rate-limits', {}, TOKEN)).status).toBe(400)
})

test('a chat turn spends one query of its own mode only', async () => {
  await (await service.chat({ token: TOKEN, message: '[user]: [[say:ok]]' })).text()
  expect(await quota('fast')).toMatchObject({ remainingQueries: 29 })
  expect(await quota('auto')).toMatchObject({ remainingQueries: 20 })
})

test('a turn that is refused before any answer spends nothing', async () => {
  for (const word of ['http:unavailable', 'rate-limit-first', 'rate-limit-echo', 'anti-bot']) {
    await (await service.chat({ token: TOKEN, message: `[user]: [[${word}]]` })).text()
  }
  expect(await quota('fast')).toMatchObject({ remainingQueries: 30 })
})

test('an empty window answers with code 8 in the stream, tells the wait, and refills after the window', async () => {
  await service.control.patchAccount(TOKEN, { quotas: { fast: { total: 1, windowSizeSeconds: 60 } } })
  await (await service.chat({ token: TOKEN, message: '[user]: [[say:ok]]' })).text()
  await service.control.advanceClock(20)
  const refused = await service.chat({ token: TOKEN })
  expect(refused.status).toBe(200)
  expect(await framesOf(refused)).toEqual([{ error: { code: 8, message: 'Too many requests', details: [] } }])
  expect(await quota('fast')).toMatchObject({ remainingQueries: 0, waitTimeSeconds: 40 })
  await service.control.advanceClock(40)
  expect(await quota('fast')).toEqual({
    windowSizeSeconds: 60,
    remainingQueries: 1,
    totalQueries: 1,
    ...EMPTY,
  })
})

test('an empty window answers with HTTP 429 and Retry-After when told so', async () => {
  await service.control.setBehaviour({ rateLimitStyle: 'http' })
  await service.control.patchAccount(TOKEN, { quotas: { fast: { remaining: 0, windowSizeSeconds: 90 } } })
  const refused = await service.chat({ token: TOKEN })
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('90')
})

test('a window that is set to null makes the mode unsupported', async () => {
  await service.control.patchAccount(TOKEN, { quotas: { auto: null } })
  expect((await service.post('/rest/rate-limits', { modelName: 'auto' }, TOKEN)).status).toBe(400)
})
