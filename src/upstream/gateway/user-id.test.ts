import { describe, expect, test } from 'bun:test'
import type { RestAnswer, RestCaller } from '../rest-call.ts'
import { createUserIdFinder, type UserIds } from './user-id.ts'

const USER = '01234567-89ab-4cde-8f01-23456789abcd'

function say(answer: unknown): RestAnswer {
  return { status: 200, headers: new Headers(), body: Buffer.from(JSON.stringify(answer)) }
}

/** A finder whose calls are answered when the test says so. */
function createFinder(known: string | null = null) {
  const calls: { readonly path: string; readonly credential: string; readonly signal: AbortSignal }[] = []
  const kept: unknown[] = []
  const { promise, resolve, reject } = Promise.withResolvers<RestAnswer>()
  const call: RestCaller = ({ path }, { credential, signal }) => {
    calls.push({ path, credential, signal })
    return promise
  }
  const userIds: UserIds = {
    find: () => known,
    keep: ({ accountId, credential }, user) => kept.push([accountId, credential, user]),
  }
  return { find: createUserIdFinder({ userIds, call }), calls, kept, resolve, reject }
}

const asker = (credential = 'token', signal = new AbortController().signal) => ({
  accountId: 1,
  credential,
  signal,
})

describe('the user id of an account', () => {
  test('that is known is not asked for', async () => {
    const { find, calls } = createFinder(USER)
    expect(await find(asker())).toBe(USER)
    expect(calls).toEqual([])
  })

  test('is asked for once by fifty who want it at the same time, and kept with the login', async () => {
    const { find, calls, kept, resolve } = createFinder()
    const all = Promise.all(Array.from({ length: 50 }, () => find(asker())))
    resolve(say({ session: { userId: USER, email: 'a@mail.test' } }))
    expect(new Set(await all)).toEqual(new Set([USER]))
    expect(calls.map(({ path }) => path)).toEqual(['/api/auth/session'])
    expect(kept).toEqual([[1, 'token', { userId: USER, email: 'a@mail.test' }]])
  })

  test('is asked for anew with another login, and after a failure', async () => {
    const { find, calls, reject } = createFinder()
    const both = Promise.allSettled([find(asker()), find(asker('another'))])
    reject(new Error('lost'))
    await both
    expect(calls.map(({ credential }) => credential)).toEqual(['token', 'another'])
    await expect(find(asker())).rejects.toThrow('lost')
    expect(calls).toHaveLength(3)
  })

  test('still comes to the others when the first who asked leaves', async () => {
    const { find, calls, resolve } = createFinder()
    const leaving = new AbortController()
    const first = find(asker('token', leaving.signal))
    const second = find(asker())
    leaving.abort()
    await expect(first).rejects.toMatchObject({ code: 'client_closed' })
    expect(calls[0]?.signal.aborted).toBe(false)
    resolve(say({ userId: USER }))
    expect(await second).toBe(USER)
  })

  test('is none of another form', async () => {
    const { find, kept, resolve } = createFinder()
    resolve(say({ userId: 'someone' }))
    await expect(find(asker())).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(kept).toEqual([])
  })
})
