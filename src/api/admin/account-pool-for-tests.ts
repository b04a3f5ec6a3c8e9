import { z } from 'zod'
import { AccountDirectory } from '../../accounts/directory.ts'
import { AccountSync } from '../../accounts/sync.ts'
import { WriteBehind } from '../../accounts/write-behind.ts'
import type { Account } from '../../core/account.ts'
import { FIRST_CURSOR, type AccountStore } from '../../store/contract.ts'
import { createMemoryAccountStore } from '../../store/memory.ts'
import { SecretBox } from '../../util/secret-box.ts'
import { startAdmin, type TestAdmin } from './admin-for-tests.ts'

const refused = z.object({ error: z.object({ code: z.string() }).optional() })

/** For tests: an admin API over accounts that are really stored, in memory, and really read back. */
export interface AccountAdmin extends TestAdmin {
  readonly directory: AccountDirectory
  readonly store: AccountStore
  /** Every row of the store, deleted ones included. */
  rows(): Promise<readonly Account[]>
  /** Asks with the admin password; throws unless the answer is a 200, and reads its JSON. */
  get<Answer>(path: string): Promise<Answer>
  send<Answer>(method: string, path: string, body: unknown): Promise<Answer>
  /** Asks for what must be refused: `409 token_conflict`. */
  refusal(method: string, path: string, body?: unknown): Promise<string>
  /** A second process on the same store, with a key of its own or the same one. */
  another(): Promise<AccountAdmin>
}

/** For tests: starts an admin API without accounts. `key` tells the keys of two installations apart. */
export async function startAccountAdmin(store = createMemoryAccountStore(), key = 3): Promise<AccountAdmin> {
  const time = { now: 1_790_000_000_000 }
  const clock = (): number => time.now
  const writes = new WriteBehind(
    (changes) => store.save(changes, clock()),
    (slot, outcome) => directory.endWrite(slot, outcome),
  )
  const directory = new AccountDirectory({
    rules: { strategy: 'quota', maxInFlight: 8 },
    clock,
    random: () => 0,
    onChange: (slot) => writes.add(slot),
  })
  const sync = new AccountSync(store, directory)
  await sync.read(new AbortController().signal)
  const admin = await startAdmin({
    parts: {
      directory,
      store,
      clock,
      box: new SecretBox(() => [Buffer.alloc(32, key)]),
      flushAccounts: () => writes.flush(),
      syncAccounts: async (signal) => (await sync.read(signal)) > 0,
    },
  })
  const read = async <Answer>(response: Response): Promise<Answer> => {
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return z.custom<Answer>().parse(await response.json())
  }
  return {
    ...admin,
    time,
    directory,
    store,
    rows: async () => (await store.changesSince(FIRST_CURSOR, 100_000)).accounts,
    get: async <Answer>(path: string) => read<Answer>(await admin.ask('GET', path)),
    send: async <Answer>(method: string, path: string, body: unknown) =>
      read<Answer>(await admin.ask(method, path, body)),
    refusal: async (method, path, body) => {
      const response = await admin.ask(method, path, body)
      const { error } = refused.parse(await response.json())
      return `${response.status} ${error?.code}`
    },
    another: () => startAccountAdmin(store, key),
  }
}
