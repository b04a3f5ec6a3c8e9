import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'

const PATH = '/v1/chat/completions'
const SOCKET = '/ws/mgw/'
const ACCOUNTS = [
  { token: 'token-a', tier: 'heavy' },
  { token: 'token-b', tier: 'heavy' },
] as const

const start = (environment: Readonly<Record<string, string>> = {}) =>
  startGateway({
    accounts: ACCOUNTS,
    environment: { GROK_UPSTREAM_CHAT_PROTOCOL: 'gateway', ...environment },
  })

let gateway: TestGateway

beforeAll(async () => {
  gateway = await start()
  await gateway.emulator.setBehaviour({ strictUserId: true })
})

afterEach(() => gateway.emulator.clearFaults())

afterAll(() => gateway.stop())

const ask = (content: string, more: object = {}) => ({
  model: 'grok-4.20-fast',
  messages: [{ role: 'user', content }],
  ...more,
})

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
}

async function answerTo(content: string): Promise<string> {
  const response = await gateway.post(PATH, ask(content))
  expect(response.status).toBe(200)
  return (await readJson<Completion>(response)).choices[0]?.message.content ?? ''
}

describe('the same answer comes', () => {
  test.each([
    'duplicate-families',
    'deltas-only',
    'several-per-message',
    'no-newline',
    'large-frame',
    'not-json',
    'server-ping',
    'untagged',
    'cut-bytes:7',
  ])('with [[%s]]', async (word) => {
    expect(await answerTo(`[[say:Grüße, 世界! Good day 😀.]] [[${word}]]`)).toBe('Grüße, 世界! Good day 😀.')
  })

  test.each(['attached-first', 'foreign-created'] as const)(
    'after confirmations that are %s',
    async (effect) => {
      await gateway.emulator.addFault({ path: SOCKET, action: { type: 'gateway', effect } })
      expect(await answerTo('[[say:hi]]')).toBe('hi')
    },
  )

  test.each([
    ['T10', 'The largest planet is **Jupiter**.'],
    ['T12', 'A lighthouse at dusk.'],
    ['T15', 'Done: option A.'],
  ])('as in transcript %s', async (name, text) => {
    expect(await answerTo(`[[${name}]]`)).toBe(text)
  })
})

test('another account is asked when two ids are confirmed', async () => {
  await gateway.emulator.clearRequests()
  const action = { type: 'gateway', effect: 'mismatched-id' } as const
  await gateway.emulator.addFault({ path: SOCKET, times: 1, action })
  expect(await answerTo('[[say:hi]]')).toBe('hi')
  const tokens = (await gateway.emulator.requests({ path: SOCKET, method: 'GET' })).map(({ token }) => token)
  expect(new Set(tokens).size).toBe(2)
})

test('a session that ends in the middle is an error, never half an answer', async () => {
  const response = await gateway.post(PATH, ask('[[tokens:3]] [[session-ended]]'))
  expect(response.status).toBe(502)
})

describe('who the account is', () => {
  test('is asked once before its first chat, and kept', async () => {
    const own = await start({ GROK_ACCOUNT_REFRESH_ENABLED: 'false' })
    for (let n = 0; n < 6; n++) await (await own.post(PATH, ask('[[say:hi]]'))).text()
    const asked = await own.emulator.requests({ path: '/api/auth/session' })
    const tokens = asked.map(({ token }) => token)
    expect(tokens.length).toBe(new Set(tokens).size)
    const known = await own.emulator.accounts()
    const stored = await own.stopAndReadAccounts()
    const ids = stored.flatMap(({ upstreamUserId }) => upstreamUserId ?? [])
    expect(ids.length).toBe(tokens.length)
    expect(known.map(({ userId }) => userId)).toEqual(expect.arrayContaining(ids))
    await own.stop()
  })

  test('tells of a blocked account before a socket is opened, and another one answers', async () => {
    const own = await start({ GROK_ACCOUNT_REFRESH_ENABLED: 'false' })
    await own.emulator.patchAccount('token-a', { state: 'blocked' })
    for (let n = 0; n < 4; n++) expect((await own.post(PATH, ask('[[say:hi]]'))).status).toBe(200)
    const statuses = (await own.stopAndReadAccounts()).map(({ state }) => state.status)
    expect(statuses.filter((status) => status === 'active').length).toBeGreaterThanOrEqual(1)
    await own.stop()
  })
})

test('pictures of "Drawing:" come through the socket too', async () => {
  expect(await answerTo('[[image]] a red kite')).toMatch(/^Here you go\.[\s\S]*\/generated\/\S+\/image\.jpg/)
})

describe('a conversation that may go on', () => {
  const GOES_ON = { GROK_FEATURES_CONTINUE_CONVERSATIONS: 'true', GROK_ACCOUNT_REFRESH_ENABLED: 'false' }
  const user = (content: string) => ({ role: 'user', content })
  const history = [user('[[say:Hello there.]]'), { role: 'assistant', content: 'Hello there.' }]
  const model = 'grok-4.20-fast'

  const turnsOf = async ({ emulator }: TestGateway) =>
    (await emulator.requests({ path: SOCKET, method: 'WS' })).flatMap(({ body, token }) => {
      const { event } = body as { event: { type: string; parent_response_id?: string } }
      return event.type === 'conversation.item.create'
        ? [{ token, text: JSON.stringify(event), isContinued: event.parent_response_id !== undefined }]
        : []
    })

  test('sends only what is new, at the same account; without the switch all is told again', async () => {
    for (const [environment, goesOn] of [
      [GOES_ON, true],
      [{}, false],
    ] as const) {
      const own = await start(environment)
      await (await own.post(PATH, { model, messages: history.slice(0, 1) })).text()
      const response = await own.post(PATH, { model, messages: [...history, user('[[say:Good bye.]]')] })
      expect((await readJson<Completion>(response)).choices[0]?.message.content).toBe('Good bye.')
      const [first, second] = await turnsOf(own)
      expect([first?.isContinued, second?.isContinued]).toEqual([false, goesOn])
      expect(second?.text.includes('Hello there.')).toBe(!goesOn)
      if (goesOn) expect(second?.token).toBe(first?.token ?? '')
      await own.stop()
    }
  })

  test('is told anew where a word was changed, and where the account can no longer serve', async () => {
    const own = await start(GOES_ON)
    await (await own.post(PATH, { model, messages: history.slice(0, 1) })).text()
    const changed = [history[0], { role: 'assistant', content: 'Hello.' }, user('[[say:a]]')]
    expect((await own.post(PATH, { model, messages: changed })).status).toBe(200)
    const [first, second] = await turnsOf(own)
    expect(second?.isContinued).toBe(false)
    await own.emulator.patchAccount(first?.token ?? '', { state: 'blocked' })
    const response = await own.post(PATH, { model, messages: [...history, user('[[say:b]]')] })
    expect((await readJson<Completion>(response)).choices[0]?.message.content).toBe('b')
    const last = (await turnsOf(own)).at(-1)
    expect([last?.isContinued, last?.token === first?.token]).toEqual([false, false])
    await own.stop()
  })
})
