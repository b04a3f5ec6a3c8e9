import { afterEach, beforeEach, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

const SOCKET = '/ws/imagine/listen'

let gateway: TestGateway

beforeEach(async () => {
  gateway = await startGateway({
    accounts: [
      { token: 'token-one', tier: 'super' },
      { token: 'token-two', tier: 'super' },
    ],
  })
})

afterEach(() => gateway.stop())

const draw = (prompt = 'a fox') => gateway.post('/v1/images/generations', { prompt })

const refuseHandshake = (kind: 'rate-limited' | 'unauthorized' | 'challenge') =>
  gateway.emulator.addFault({ path: SOCKET, action: { type: 'http', kind } })

test('a handshake that is limited rests each account that was tried, and says when to come back', async () => {
  await refuseHandshake('rate-limited')
  const response = await draw()
  expect(response.status).toBe(429)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await gateway.emulator.requests({ path: SOCKET })).length).toBe(2)
  const accounts = await gateway.stopAndReadAccounts()
  expect(accounts.map(({ modeCooldowns }) => modeCooldowns['imagine-image']?.cause.code)).toEqual([
    'rate_limited',
    'rate_limited',
  ])
})

test('an error frame that limits counts like a handshake that does', async () => {
  expect((await draw('[[error-frame:rate_limit_exceeded]] a fox')).status).toBe(429)
  const accounts = await gateway.stopAndReadAccounts()
  expect(
    accounts.some(({ modeCooldowns }) => modeCooldowns['imagine-image']?.cause.code === 'rate_limited'),
  ).toBe(true)
})

test('a handshake that does not accept the login puts the account out of service', async () => {
  await refuseHandshake('unauthorized')
  expect((await draw()).status).toBe(503)
  const accounts = await gateway.stopAndReadAccounts()
  expect(accounts.map(({ state }) => state.status)).toEqual(['needs-login', 'needs-login'])
})

test('a handshake that the edge refuses counts against one account at most', async () => {
  await refuseHandshake('challenge')
  expect((await draw()).status).toBe(502)
  const accounts = await gateway.stopAndReadAccounts()
  expect(accounts.filter(({ health }) => health < 1).length).toBe(1)
})

test('rounds that break count against one account at most', async () => {
  expect((await draw('[[close]] a fox')).status).toBe(502)
  const accounts = await gateway.stopAndReadAccounts()
  expect(accounts.filter(({ health }) => health < 1).length).toBe(1)
})
