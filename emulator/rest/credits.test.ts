import { describe, expect, test } from 'bun:test'
import { CREDITS_END, CREDITS_START, weeklyCredits } from '../../test/harness/weekly-credits.ts'
import { CHAT, encodeCredits } from '../wire/credits-message.ts'
import { framesOf, useTestService } from '../testing/service-client.ts'
import { grpcAnswer, OK_TRAILER } from './grpc-web.ts'

const service = useTestService({ resetEach: true })

const TOKEN = 'demo-heavy-token'
const PATH = '/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig'
const EMPTY = new Uint8Array(5)
const DAY = 86_400

const ask = (body: Uint8Array = EMPTY, token = TOKEN): Promise<Response> =>
  service.send(PATH, { method: 'POST', body, token })

async function chat(modeId = 'auto'): Promise<readonly object[]> {
  return framesOf(await service.chat({ token: TOKEN, modeId, message: '[user]: [[say:ok]]' }))
}

const poolNow = async () =>
  (await service.control.accounts()).find(({ token }) => token === TOKEN)?.weekly ?? null

const used = async (): Promise<number | undefined> => (await poolNow())?.usedPercent

describe('the credits', () => {
  const paid = { startsAt: CREDITS_START + 250, endsAt: CREDITS_END + 250 }
  const products = [
    { code: CHAT, percent: 30 },
    { code: 5, percent: 7.5 },
  ]

  test.each([
    [weeklyCredits.used, { ...paid, usedPercent: 37.5, products }],
    [weeklyCredits.unused, { ...paid, usedPercent: 0, products: [] }],
    [weeklyCredits.free, { startsAt: CREDITS_START, endsAt: CREDITS_END, usedPercent: null, products: [] }],
  ])('are written as the specification has them', async (bytes, credits) => {
    const answer = await grpcAnswer(OK_TRAILER, encodeCredits(credits)).arrayBuffer()
    expect(Buffer.from(answer)).toEqual(bytes)
  })

  test('of an account without a pool are a period that begins and ends with a full second', async () => {
    const answer = await ask()
    expect(answer.headers.get('content-type')).toBe('application/grpc-web+proto')
    expect(Buffer.from(await answer.arrayBuffer())).toHaveLength(weeklyCredits.free.length)
  })

  test('are told by an account in order only, and to an empty message only', async () => {
    expect((await ask(EMPTY, 'nobody')).status).toBe(401)
    const refused = await ask(Uint8Array.of(0, 0, 0, 0, 1, 8))
    expect(refused.status).toBe(200)
    expect(await refused.text()).toContain('grpc-status:3')
  })
})

describe('a weekly pool', () => {
  test('stands in for the windows: each chat takes its share, and a window that is empty does not refuse', async () => {
    await service.control.patchAccount(TOKEN, {
      quotas: { auto: { remaining: 0 } },
      weekly: { usedPercent: 97, costPercent: 1.5 },
    })
    for (let n = 0; n < 2; n++) expect(await chat()).not.toContainEqual({ error: expect.anything() })
    expect(await used()).toBe(100)
    const refusal = { error: { code: 8, message: 'Too many requests', details: [] } }
    for (const mode of ['auto', 'fast']) expect(await chat(mode)).toEqual([refusal])
  })

  test('is whole again when its period is over, and the next one begins there', async () => {
    const { weekly } = await service.control.patchAccount(TOKEN, {
      weekly: { usedPercent: 100, periodDays: 3 },
    })
    await service.control.advanceClock(3 * DAY - 60)
    expect(await used()).toBe(100)
    await service.control.advanceClock(61)
    await chat()
    expect(await poolNow()).toMatchObject({ usedPercent: 1, startsAt: weekly?.endsAt })
  })

  test('that is used up is waited for until its end when told by HTTP', async () => {
    await service.control.setBehaviour({ rateLimitStyle: 'http' })
    await service.control.patchAccount(TOKEN, { weekly: { usedPercent: 100, periodDays: 1 } })
    const refused = await service.chat({ token: TOKEN })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(DAY - 10, DAY + 2)
  })

  test('is told to its account alone, and taken away with null', async () => {
    await service.control.patchAccount(TOKEN, { weekly: { usedPercent: 40 } })
    const size = async (token: string): Promise<number> => (await (await ask(EMPTY, token)).bytes()).length
    // the share, its product, and four bytes of a fraction in each time
    expect(await size(TOKEN)).toBeGreaterThan(await size('demo-super-token'))
    await service.control.patchAccount(TOKEN, { weekly: null })
    expect(await size(TOKEN)).toBe(await size('demo-super-token'))
    expect(await used()).toBeUndefined()
  })
})
