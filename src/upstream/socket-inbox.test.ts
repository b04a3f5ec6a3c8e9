import { describe, expect, test } from 'bun:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { failureOf } from '../../test/harness/failure-of.ts'
import { SocketInbox } from './socket-inbox.ts'

function open() {
  const leaving = new AbortController()
  const time = { now: 0 }
  const wire = { sent: [] as string[], isClosed: false }
  const inbox = new SocketInbox(
    { send: (text) => wire.sent.push(text), close: () => (wire.isClosed = true) },
    leaving.signal,
    () => time.now,
  )
  /** A message that comes some time after the one before it. */
  const receiveAlone = (text: string): void => {
    time.now += 20
    inbox.receive(text)
  }
  return { inbox, wire, leaving, receiveAlone }
}

/** Whether the promise is settled before the loop turns. */
async function isSettledAtOnce(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const note = (): void => {
    isSettled = true
  }
  promise.then(note, note)
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return isSettled
}

describe('the inbox of a socket', () => {
  test('wakes its reader when all that one read of the connection brought is there', async () => {
    const { inbox } = open()
    const reading = inbox.read(1_000)
    inbox.receive('one')
    await Promise.resolve()
    inbox.receive('two')
    expect(await isSettledAtOnce(reading)).toBe(false)
    expect(await reading).toEqual({ type: 'message', text: 'one' })
    expect([inbox.take(), inbox.take()]).toEqual(['two', undefined])
  })

  test('wakes its reader at once where messages come alone, until some come together', async () => {
    const { inbox, receiveAlone } = open()
    for (const text of 'abcdefgh') {
      const reading = inbox.read(1_000)
      receiveAlone(text)
      expect(await reading).toEqual({ type: 'message', text })
    }
    const alone = inbox.read(1_000)
    receiveAlone('i')
    expect(await isSettledAtOnce(alone)).toBe(true)
    inbox.receive('j')
    expect(await inbox.read(1_000)).toEqual({ type: 'message', text: 'j' })
    const together = inbox.read(1_000)
    inbox.receive('k')
    expect(await isSettledAtOnce(together)).toBe(false)
    expect(await together).toEqual({ type: 'message', text: 'k' })
  })

  test('never takes the wake-up of an earlier message for silence', async () => {
    const { inbox } = open()
    const first = inbox.read(0)
    inbox.receive('late') // its wake-up is due in the turn in which the time of the read is over
    expect(await first).toEqual({ type: 'message', text: 'late' })
    const second = inbox.read(1_000)
    await turnOfLoop()
    await turnOfLoop()
    inbox.receive('next')
    expect(await second).toEqual({ type: 'message', text: 'next' })
  })

  test('says that nothing came, and that the socket was closed once everything was read', async () => {
    const { inbox } = open()
    expect(await inbox.read(1)).toEqual({ type: 'silence' })
    inbox.receive('last')
    inbox.end(1006)
    expect(await inbox.read(1_000)).toEqual({ type: 'message', text: 'last' })
    expect(await inbox.read(1_000)).toEqual({ type: 'closed', code: 1006 })
  })

  test('closes and rejects when its signal fires', async () => {
    const { inbox, wire, leaving } = open()
    const reading = failureOf(Error, inbox.read(1_000))
    leaving.abort(new Error('the client left'))
    expect((await reading).message).toBe('the client left')
    expect(wire.isClosed).toBe(true)
  })
})
