import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOW } from '../core/account-for-tests.ts'
import type { Stores } from './contract.ts'
import { newJobForTests } from './job-store-contract.ts'
import { storeServers } from './servers-for-tests.ts'
import { openForTests, type WorkerOrder } from './store-worker-for-tests.ts'
import { addOne, readAll, readOne } from './stored-accounts-for-tests.ts'

const PROCESSES = ['a', 'b', 'c', 'd']
const CAP = 3
const worker = join(import.meta.dir, 'store-worker-for-tests.ts')

type Task = Pick<WorkerOrder, 'task'> & Partial<WorkerOrder>

/** A process that works on the store; what it says comes line by line. */
class Worker {
  readonly said: unknown[] = []
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  readonly #reading: Promise<void>
  #onWord: () => void = () => {}

  constructor(order: WorkerOrder) {
    this.#child = Bun.spawn([process.execPath, worker, JSON.stringify(order)], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.#reading = this.#read()
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of this.#child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      this.said.push(...lines.map((line) => JSON.parse(line)))
      this.#onWord()
    }
  }

  /** Resolves when it has said so many words. */
  hasSaid(words: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onWord = () => this.said.length >= words && resolve()
      this.#onWord()
    })
  }

  /** Waits for its end, which must be a good one; returns what it said. */
  async finish(): Promise<readonly unknown[]> {
    const complaint = await new Response(this.#child.stderr).text()
    await this.#reading
    expect([await this.#child.exited, complaint]).toEqual([0, ''])
    return this.said
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#child.exited
    await this.#reading
  }
}

interface Place {
  readonly place: string
  empty(): Promise<void>
  drop(): Promise<void>
}

const folder = mkdtempSync(join(tmpdir(), 'grok2api-processes-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function makeFile(): Promise<Place> {
  let place = ''
  let files = 0
  return {
    get place() {
      return place
    },
    empty: async () => {
      place = join(folder, `${++files}.db`)
    },
    drop: async () => {},
  }
}

describe('several processes on SQLite', () => describeProcesses('sqlite', makeFile))
for (const server of storeServers) {
  const { name, url, variable } = server
  if (url === undefined) {
    test.skip(`several processes on ${name}: skipped, since ${variable} is not set`, () => {})
    continue
  }
  const make = async (): Promise<Place> => {
    const database = await server.create(url)
    await (await server.open(database.url)).close()
    return { ...database, place: database.url }
  }
  describe(`several processes on ${name}`, () => describeProcesses(name, make))
}

function describeProcesses(store: string, make: () => Promise<Place>): void {
  let made: Place
  beforeAll(async () => {
    made = await make()
  })
  afterAll(() => made.drop())

  async function open() {
    await made.empty()
    const stores = await openForTests({ store, place: made.place })
    const { id: accountId } = await addOne(stores.accounts, 'shared')
    const start = (name: string, task: Task): Worker =>
      new Worker({ store, place: made.place, name, rounds: 1, accountId, ...task })
    const startAll = (task: Task): Worker[] => PROCESSES.map((name) => start(name, task))
    const runAll = (task: Task) => Promise.all(startAll(task).map((worker) => worker.finish()))
    return { stores, accountId, start, startAll, runAll }
  }

  test('lose nothing that they write at once', async () => {
    const { stores, accountId, runAll } = await open()
    await runAll({ task: 'write', rounds: 20 })
    expect(await stores.accounts.count()).toBe(1 + 80)
    expect((await readOne(stores.accounts, accountId)).successCount).toBe(80)
    const revisions = (await readAll(stores.accounts)).map(({ revision }) => revision)
    expect(new Set(revisions).size).toBe(81)
    expect(await stores.audit.list({ limit: 1000 })).toHaveLength(80)
    await stores.close()
  })

  test('lose nothing but the last round of the one that is killed', async () => {
    const { stores, accountId, startAll } = await open()
    const [victim, ...others] = startAll({ task: 'write', rounds: 20 })
    await victim?.hasSaid(3)
    await victim?.kill()
    await Promise.all(others.map((worker) => worker.finish()))
    const stored = victim?.said.length ?? 0
    const { successCount } = await readOne(stores.accounts, accountId)
    expect(successCount - 60 - stored).toBeWithin(0, 2)
    expect((await stores.accounts.count()) - 61 - stored).toBeWithin(0, 2)
    await stores.close()
  })

  test('do each job once', async () => {
    const { stores, runAll } = await open()
    const ids = Array.from({ length: 40 }, (_, n) => `job ${n}`)
    for (const id of ids) await stores.jobs.create(newJobForTests(id, { subjects: [1, 2, 3] }), NOW)
    const done = await runAll({ task: 'work' })
    expect(done.flat().map(String).sort()).toEqual(ids.sort())
    for (const job of await stores.jobs.list({ limit: 100 })) {
      expect(job).toMatchObject({ status: 'completed', counts: { succeeded: 3 } })
      const items = await stores.jobs.items(job.id, { fromIndex: 0, limit: 9 })
      expect(new Set(items.map(({ detail }) => detail))).toEqual(new Set([job.output]))
    }
    await stores.close()
  })

  test('never exceed the cap of an account', async () => {
    const { stores, runAll } = await open()
    const visits = (await runAll({ task: 'enter', rounds: 60 })).flat() as [number, number][]
    expect(visits.length).toBeGreaterThan(40)
    expect(mostAtOnce(visits)).toBeWithin(1, CAP + 1)
    await stores.close()
  })

  test('have one leader at a time, each under a higher token', async () => {
    const { stores, runAll } = await open()
    const reigns = (await runAll({ task: 'lead', rounds: 40 })).flat() as [number, number, number][]
    expect(mostAtOnce(reigns.map(([from, until]) => [from, until]))).toBe(1)
    const tokens = reigns.sort(([a], [b]) => a - b).map(([, , token]) => token)
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
    await stores.close()
  })

  test('take over what one held that was killed, when its time is over', async () => {
    const { stores, accountId, start } = await open()
    await stores.jobs.create(newJobForTests('job'), NOW)
    const victim = start('victim', { task: 'hold' })
    await victim.hasSaid(1)
    await victim.kill()
    const [[until, token]] = victim.said as [[number, number]]
    const take = (now: number) => {
      const lease = { holder: 'heir', until: now + 1000 }
      return takeAll(stores, accountId, lease, now)
    }
    expect(await take(until - 1)).toEqual([undefined, false, undefined])
    expect(await take(until)).toEqual(['job', true, token + 1])
    await stores.close()
  })
}

async function takeAll(
  { jobs, inFlight, leases }: Stores,
  accountId: number,
  lease: { readonly holder: string; readonly until: number },
  now: number,
) {
  return [
    (await jobs.claim(['test.work'], lease, now))?.id,
    await inFlight?.enter(accountId, 1, lease, now),
    (await leases.acquire('leader', lease, now))?.token,
  ]
}

/** How many of the spans overlap where most do. */
function mostAtOnce(spans: readonly (readonly [from: number, until: number])[]): number {
  const steps = spans.flatMap(([from, until]) => [[from, 1] as const, [until, -1] as const])
  let most = 0
  let now = 0
  for (const [, step] of steps.sort((a, b) => a[0] - b[0])) {
    now += step
    most = Math.max(most, now)
  }
  return most
}
