import { describe, expect, test } from 'bun:test'
import { EndedSessions } from './ended-sessions.ts'
import { SESSION_IDLE_SECONDS, SESSION_LIFE_SECONDS, Sessions, TICKET_LIFE_SECONDS } from './sessions.ts'
import { signToken } from './signed-token.ts'

const START = 1_790_000_000_000

function openSessions(options: { sessionKey?: Buffer; appKey?: string } = {}) {
  const time = { now: START }
  let appKey = options.appKey ?? 'password'
  const sessions = new Sessions({
    sessionKey: options.sessionKey ?? Buffer.alloc(32, 1),
    appKey: () => appKey,
    clock: () => time.now,
  })
  return { sessions, time, changePassword: (password: string) => (appKey = password) }
}

describe('a session', () => {
  test('holds in every process with the same key and password, as after a restart', () => {
    const { sessions } = openSessions()
    const session = sessions.start()
    expect(openSessions().sessions.open(sessions.encode(session))).toEqual(session)
  })

  test('has an id of 32 random bytes', () => {
    const { sessions } = openSessions()
    const ids = new Set(Array.from({ length: 50 }, () => sessions.start().id))
    expect(ids.size).toBe(50)
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(32)
  })

  test.each([
    ['another key of the installation', { sessionKey: Buffer.alloc(32, 2) }],
    ['another password', { appKey: 'other' }],
  ])('is worth nothing under %s', (_title, options) => {
    const { sessions } = openSessions()
    expect(openSessions(options).sessions.open(sessions.encode(sessions.start()))).toBeUndefined()
  })

  test('ends when the password changes, and no other way leads back', () => {
    const { sessions, changePassword } = openSessions()
    const token = sessions.encode(sessions.start())
    changePassword('new')
    expect(sessions.open(token)).toBeUndefined()
  })

  test('ends after the idle time, and not a moment before', () => {
    const { sessions, time } = openSessions()
    const token = sessions.encode(sessions.start())
    time.now = START + SESSION_IDLE_SECONDS * 1000 - 1
    expect(sessions.open(token)).toBeDefined()
    time.now += 1
    expect(sessions.open(token)).toBeUndefined()
  })

  test('ends after its whole life, however often it is renewed', () => {
    const { sessions, time } = openSessions()
    let session = sessions.start()
    while (time.now < START + SESSION_LIFE_SECONDS * 1000 - 1) {
      time.now = Math.min(time.now + 3_600_000, START + SESSION_LIFE_SECONDS * 1000 - 1)
      session = sessions.renew(sessions.open(sessions.encode(session)) ?? session)
    }
    expect(sessions.open(sessions.encode(session))).toBeDefined()
    time.now += 1
    expect(sessions.open(sessions.encode(session))).toBeUndefined()
  })

  test('asks for renewal once half of its idle time has passed', () => {
    const { sessions, time } = openSessions()
    const session = sessions.start()
    time.now += (SESSION_IDLE_SECONDS * 1000) / 2
    expect(sessions.needsRenewal(session)).toBe(false)
    time.now += 1
    expect(sessions.needsRenewal(session)).toBe(true)
  })

  test('is over after a logout, and others go on', () => {
    const { sessions } = openSessions()
    const [one, other] = [sessions.start(), sessions.start()]
    sessions.end(one)
    expect(sessions.open(sessions.encode(one))).toBeUndefined()
    expect(sessions.open(sessions.encode(other))).toEqual(other)
  })

  test('has a CSRF token of its own', () => {
    const { sessions } = openSessions()
    const [one, other] = [sessions.start(), sessions.start()]
    expect(sessions.csrfToken(one)).toBe(sessions.csrfToken(sessions.renew(one)))
    expect(sessions.csrfToken(one)).not.toBe(sessions.csrfToken(other))
  })
})

describe('a token that was changed', () => {
  const { sessions } = openSessions()
  const token = sessions.encode(sessions.start())
  const [body = '', mac = ''] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ id: 'x', issuedAt: START, renewedAt: START })).toString(
    'base64url',
  )
  test.each([
    ['an empty text', ''],
    ['one part', body],
    ['a third part', `${token}.x`],
    ['another payload', `${forged}.${mac}`],
    ['another signature', `${body}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`],
    ['no signature', `${body}.`],
    ['a ticket', sessions.issueTicket('/admin/api/x', 'a')],
    ['a payload of another form', signToken(Buffer.alloc(32, 1), 'session', { id: 1 })],
  ])('is refused: %s', (_title, text) => {
    expect(sessions.open(text)).toBeUndefined()
  })
})

describe('a stream ticket', () => {
  test('opens the path it was made for, for a minute, and no other', () => {
    const { sessions, time } = openSessions()
    const ticket = sessions.issueTicket('/admin/api/tasks/1/stream', 'bearer')
    expect(sessions.openTicket(ticket, '/admin/api/tasks/1/stream')).toBe('bearer')
    expect(sessions.openTicket(ticket, '/admin/api/tasks/2/stream')).toBeUndefined()
    time.now += TICKET_LIFE_SECONDS * 1000
    expect(sessions.openTicket(ticket, '/admin/api/tasks/1/stream')).toBeUndefined()
  })

  test('is not a session, and a session is not a ticket', () => {
    const { sessions } = openSessions()
    expect(sessions.openTicket(sessions.encode(sessions.start()), '/admin/api/x')).toBeUndefined()
  })
})

test('logouts are forgotten when their sessions would have ended by themselves', () => {
  let now = 0
  const ended = new EndedSessions(() => now)
  ended.add('one', 100)
  now = 100
  ended.add('two', 200)
  expect([ended.has('one'), ended.has('two')]).toEqual([false, true])
})
