import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

let gateway: TestGateway

const accounts = [
  { token: 'token-one', tier: 'super' as const, mediaQuotas: { imagePro: { total: 1, remaining: 1 } } },
  { token: 'token-two', tier: 'super' as const },
]

beforeAll(async () => {
  gateway = await startGateway({ accounts, environment: { GROK_RETRY_MAX_RETRIES: '0' } })
})

afterAll(() => gateway.stop())

const draw = () => gateway.post('/v1/images/generations', { prompt: 'a boat', model: 'grok-imagine-image' })

test('an account without pictures left still chats, and the other one draws', async () => {
  // as many as there are accounts and one more: whoever is chosen first, the one with a single picture is used up
  await gateway.emulator.setAccounts(accounts)
  const statuses: number[] = []
  for (let request = 0; request < 6; request++) statuses.push((await draw()).status)
  expect(statuses.filter((status) => status !== 200).length).toBeLessThanOrEqual(1)
  const messages = [{ role: 'user', content: 'hi' }]
  for (let request = 0; request < 4; request++) {
    const chat = await gateway.post('/v1/chat/completions', { model: 'grok-4.20-0309-super', messages })
    expect(chat.status).toBe(200)
  }
})
