import type { Stores } from './contract.ts'
import { storeServers } from './servers-for-tests.ts'
import { openSqliteStores } from './sql/sqlite.ts'
import { changeForTests, newAccountForTests, readOne } from './stored-accounts-for-tests.ts'

/** What one process does to the store that all share. */
export interface WorkerOrder {
  /** `sqlite`, or the name of a test server. */
  readonly store: string
  /** The file, or the address. */
  readonly place: string
  readonly name: string
  readonly task: keyof typeof tasks
  readonly rounds: number
  /** The account that all use. */
  readonly accountId: number
}

/** How long a holder holds in these tests, in ms of the real clock. */
const LEASE_MS = 5000
const CAP = 3

/** For tests: opens the store that an order names. */
export function openForTests({ store, place }: Pick<WorkerOrder, 'store' | 'place'>): Promise<Stores> {
  if (store === 'sqlite') return openSqliteStores(place)
  const server = storeServers.find(({ name }) => name === store)
  if (!server) throw new Error(`no server ${store}`)
  return server.open(place)
}

const say = (word: unknown): void => void process.stdout.write(`${JSON.stringify(word)}\n`)
/** The same clock in all processes of a machine, in ms. */
const clock = (): number => performance.timeOrigin + performance.now()
const lease = ({ name }: WorkerOrder) => ({ holder: name, until: Date.now() + LEASE_MS })

const tasks = {
  /** Adds an account and counts a success each round; says each round that is stored. */
  write: async ({ accounts, audit }: Stores, { name, rounds, accountId }: WorkerOrder) => {
    for (let round = 0; round < rounds; round++) {
      await accounts.add([newAccountForTests(`${name} ${round}`)], Date.now())
      const base = await readOne(accounts, accountId)
      await accounts.save([changeForTests(base, { successCount: base.successCount + 1 })], Date.now())
      const entry = { at: round, actor: name, address: '', action: 'round', requestId: '', detail: null }
      await audit.append({ ...entry, status: 200 })
      say(round)
    }
  },
  /** Claims jobs until there are none; says each that it has done. */
  work: async ({ jobs }: Stores, order: WorkerOrder) => {
    for (let job = await jobs.claim(['test.work'], lease(order), Date.now()); job;) {
      const items = await jobs.items(job.id, { fromIndex: 0, limit: 100 })
      for (const { index } of items) {
        await jobs.beat(job.id, lease(order), Date.now())
        await jobs.record(job.id, order.name, [{ index, succeeded: true, detail: order.name }], Date.now())
      }
      await jobs.end(job.id, order.name, { status: 'completed', output: order.name }, Date.now())
      say(job.id)
      job = await jobs.claim(['test.work'], lease(order), Date.now())
    }
  },
  /** Enters and leaves an account; says from when to when it was inside. */
  enter: async ({ inFlight }: Stores, order: WorkerOrder) => {
    const visit = async (): Promise<void> => {
      if (!(await inFlight?.enter(order.accountId, CAP, lease(order), Date.now()))) return
      const from = clock()
      await Bun.sleep(1)
      say([from, clock()])
      await inFlight?.leave(order.accountId, order.name)
    }
    for (let round = 0; round < order.rounds; round++) await Promise.all([visit(), visit()])
  },
  /** Takes and gives back the leadership; says from when to when it had it, and under which token. */
  lead: async ({ leases }: Stores, order: WorkerOrder) => {
    for (let round = 0; round < order.rounds; round++) {
      const held = await leases.acquire('leader', lease(order), Date.now())
      if (!held) continue
      const from = clock()
      await Bun.sleep(1)
      say([from, clock(), held.token])
      await leases.release('leader', order.name)
    }
  },
  /** Takes all there is and waits for its death. */
  hold: async ({ jobs, inFlight, leases }: Stores, order: WorkerOrder) => {
    const { holder, until } = lease(order)
    await jobs.claim(['test.work'], { holder, until }, Date.now())
    await inFlight?.enter(order.accountId, 1, { holder, until }, Date.now())
    const held = await leases.acquire('leader', { holder, until }, Date.now())
    say([until, held?.token])
    await new Promise(() => setInterval(() => undefined, LEASE_MS))
  },
}

if (import.meta.main) {
  const order: WorkerOrder = JSON.parse(process.argv[2] ?? '{}')
  const stores = await openForTests(order)
  await tasks[order.task](stores, order)
  await stores.close()
}
