import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, createServer, type AddressInfo } from 'node:net'
import { NOW } from '../../core/account-for-tests.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { FIRST_CURSOR, type Stores } from '../contract.ts'
import { newJobForTests } from '../job-store-contract.ts'
import { rejectionOf } from '../rejection-for-tests.ts'
import {
  addOne,
  changeForTests,
  markDeleted,
  newAccountForTests,
  newAccountsForTests,
  readAll,
} from '../stored-accounts-for-tests.ts'
import { describeServerSharing } from '../server-contract.ts'
import { describeStores } from '../stores-contract.ts'
import { createRedisDatabase, redisForTests, sendToRedis } from './redis-for-tests.ts'
import { openRedisStores } from './redis.ts'

const { url: serverUrl, variable } = redisForTests
if (serverUrl === undefined) {
  test.skip(`Redis: skipped, since ${variable} is not set (script/services start DIR)`, () => {})
} else describe('Redis', () => describeRedis(serverUrl))

function describeRedis(serverUrl: string): void {
  let database: Awaited<ReturnType<typeof createRedisDatabase>>
  beforeAll(async () => {
    database = await createRedisDatabase(serverUrl)
  })
  afterAll(() => database.drop())
  const open = (): Promise<Stores> => openRedisStores(database.url)
  const openEmpty = async (): Promise<Stores> => {
    await database.empty()
    return open()
  }
  const send = async (...command: string[]): Promise<unknown> =>
    (await sendToRedis(database.url, [command]))[0]
  const place: Place = {
    serverUrl,
    url: () => database.url,
    open,
    openEmpty,
    send,
    keys: async () => ((await send('KEYS', '*')) as string[]).sort(),
    cut: async () => {
      const clients = String(await send('CLIENT', 'LIST')).split('\n')
      const ours = clients.filter((line) => line.includes(` db=${new URL(database.url).pathname.slice(1)} `))
      const ids = ours
        .filter((line) => !line.includes('cmd=client'))
        .map((line) => /id=(\d+)/.exec(line)?.[1])
      await Promise.all(ids.map((id = '') => send('CLIENT', 'KILL', 'ID', id)))
    },
  }

  describeStores('Redis', openEmpty)
  describe('the server', () => testServer(place))
  describe('the keys', () => testKeys(place))
  describe('a connection', () => testConnection(place))
}

interface Place {
  readonly serverUrl: string
  readonly url: () => string
  readonly open: () => Promise<Stores>
  readonly openEmpty: () => Promise<Stores>
  readonly send: (...command: string[]) => Promise<unknown>
  readonly keys: () => Promise<string[]>
  /** Ends all connections to the database. */
  readonly cut: () => Promise<void>
}

function testServer({ open, openEmpty, send, cut }: Place): void {
  describeServerSharing({ open, openEmpty })

  test('may cut all connections: after that it is used and listened to as before', async () => {
    const [one, other] = [await openEmpty(), await open()]
    let told = Promise.withResolvers<void>()
    await one.watch(() => told.resolve())
    await Promise.all([one, other].map((stores) => stores.ping()))
    await cut()
    for (const stores of [one, other]) {
      const pinged = () =>
        stores.ping().then(
          () => true,
          () => false,
        )
      await eventually(pinged, (isThere) => isThere)
    }
    await told.promise // something may have been missed
    told = Promise.withResolvers<void>()
    await other.accounts.add([newAccountForTests('a')], NOW)
    await told.promise
    await Promise.all([one.close(), other.close()])
  })

  test('shows a reader who polls all the time every row, whatever is written meanwhile', async () => {
    const [one, other] = [await openEmpty(), await open()]
    const seen = new Map<number, number>()
    let cursor = FIRST_CURSOR
    const poll = async (): Promise<number> => {
      const page = await other.accounts.changesSince(cursor, 7)
      cursor = page.cursor
      for (const { id, revision } of page.accounts) seen.set(id, revision)
      return page.accounts.length
    }
    const writing = new AbortController()
    const polling = (async () => {
      while (!writing.signal.aborted || (await poll()) > 0) await poll()
    })()
    for (let round = 0; round < 40; round++) {
      const accounts = Array.from({ length: 5 }, (_, n) => newAccountForTests(`${round} ${n}`))
      const [first] = await one.accounts.add(accounts, NOW)
      const [row] = await one.accounts.find([first?.id ?? 0])
      if (row) await one.accounts.save([changeForTests(row, { label: 'new' })], NOW)
    }
    writing.abort()
    await polling
    expect(seen).toEqual(new Map((await readAll(one.accounts)).map(({ id, revision }) => [id, revision])))
    expect(seen.size).toBe(200)
    await Promise.all([one.close(), other.close()])
  })

  test('that has forgotten our scripts is given them again', async () => {
    const stores = await openEmpty()
    await stores.accounts.add([newAccountForTests('a')], NOW)
    await send('SCRIPT', 'FLUSH')
    await stores.accounts.add([newAccountForTests('b')], NOW)
    expect(await stores.accounts.count()).toBe(2)
    await stores.close()
  })
}

function testKeys({ url, open, openEmpty, send, keys }: Place): void {
  test('all begin with the prefix, and what is removed leaves none behind', async () => {
    const stores = await openEmpty()
    const held = { holder: 'me', until: NOW + 1000 }
    for (const account of [await addOne(stores.accounts, 'a'), await addOne(stores.accounts, 'b')]) {
      await markDeleted(stores.accounts, account.id)
      await stores.inFlight?.enter(account.id, 9, held, NOW)
      await stores.inFlight?.leave(account.id, 'me')
    }
    const entry = { at: NOW, actor: 'x', address: '', action: 'x', requestId: '', detail: null, status: 200 }
    await stores.audit.append(entry)
    await stores.jobs.create(newJobForTests('a', { subjects: [1, 2] }), NOW)
    await stores.jobs.claim(['test.work'], held, NOW)
    await stores.jobs.record('a', 'me', [{ index: 0, succeeded: true, detail: null }], NOW)
    await stores.jobs.end('a', 'me', { status: 'completed', output: null }, NOW)
    expect((await keys()).filter((key) => !key.startsWith('g2a:'))).toEqual([])
    expect((await keys()).length).toBeGreaterThan(10)

    await stores.accounts.purge(NOW + 1)
    await stores.audit.prune(NOW + 1)
    await stores.jobs.prune({ endedBefore: NOW + 1 })
    expect(await keys()).toEqual(['g2a:counters', 'g2a:layout'])
    await stores.close()
  })

  test('of what is in flight expire by themselves when nobody beats any more', async () => {
    const stores = await openEmpty()
    await stores.inFlight?.enter(7, 9, { holder: 'me', until: NOW + 1000 }, NOW)
    for (const key of ['g2a:in-flight:7', 'g2a:in-flight-holder:me']) {
      expect(Number(await send('PTTL', key))).toBeWithin(50_000, 61_001)
      await send('PEXPIRE', key, '50')
    }
    await stores.inFlight?.beat({ holder: 'me', until: NOW + 2000 }, NOW + 500)
    for (const key of ['g2a:in-flight:7', 'g2a:in-flight-holder:me']) {
      expect(Number(await send('PTTL', key))).toBeWithin(50_000, 61_501)
    }
    await stores.close()
  })

  test('of two prefixes in one database do not touch one another', async () => {
    const [one, other] = [await openEmpty(), await openRedisStores(url(), { prefix: 'other:' })]
    const told: string[] = []
    await one.watch(() => told.push('one'))
    await other.accounts.add([newAccountForTests('a')], NOW)
    await one.accounts.add(newAccountsForTests(2), NOW)
    expect([await one.accounts.count(), await other.accounts.count()]).toEqual([2, 1])
    expect(told).toEqual([])
    await Promise.all([one.close(), other.close()])
  })

  test('of a newer version of this program are left alone', async () => {
    await (await openEmpty()).close()
    await send('SET', 'g2a:layout', '2')
    expect(String(await rejectionOf(open()))).toContain('newer version')
    await send('SET', 'g2a:layout', '1')
  })

  test('of settings that are no JSON make a fault, without quoting them', async () => {
    const stores = await openEmpty()
    await send('HSET', 'g2a:settings', 'data', '{"secret": xyz', 'version', '3')
    const document = await stores.settings.load()
    expect(document).toMatchObject({ values: {}, version: '3' })
    expect(document.fault).not.toContain('secret')
    expect(await stores.settings.save({ a: 1 }, '3')).toBe('4')
    await stores.close()
  })
}

function testConnection({ serverUrl, url }: Place): void {
  test('that falls silent without an end is replaced by another one', async () => {
    const proxy = startProxy(new URL(url()))
    const stores = await openRedisStores(proxy.url, { answerTimeoutMs: 200 })
    await stores.ping()
    proxy.silence()
    expect(String(await rejectionOf(stores.ping()))).toContain('did not answer within 200 ms')
    await stores.ping()
    await stores.close()
    proxy.stop()
  })

  test('that cannot be made is named without the password', async () => {
    const url = new URL(serverUrl)
    url.password = 'very-secret'
    url.port = '1'
    const error = await rejectionOf(openRedisStores(url.href))
    expect(error).toBeInstanceOf(Error)
    expect(Bun.inspect(error)).not.toContain('very-secret')
    expect(String(error)).toContain(`${url.hostname}:1`)
  })

  test('with a wrong password is refused at once, without naming it', async () => {
    const url = new URL(serverUrl)
    url.username = 'nobody'
    url.password = 'very-secret'
    const start = performance.now()
    const error = await rejectionOf(openRedisStores(url.href))
    expect(performance.now() - start).toBeLessThan(1000)
    expect(Bun.inspect(error)).not.toContain('very-secret')
    expect(Bun.inspect(error)).toContain('WRONGPASS')
  })
}

/** Passes everything on to the server, until it is silenced: then it swallows what comes on the connections there are. */
function startProxy(target: URL) {
  let age = 0
  const server = createServer((near) => {
    const born = age
    const far = connect(Number(target.port), target.hostname)
    near.on('data', (bytes) => born === age && far.write(bytes))
    far.on('data', (bytes) => born === age && near.write(bytes))
    near.on('close', () => far.destroy())
    for (const socket of [near, far]) socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return { url: url.href, silence: () => age++, stop: () => server.close() }
}
