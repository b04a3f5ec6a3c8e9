import { AccountDirectory } from '../../accounts/directory.ts'
import { hashCredential } from '../../accounts/credential.ts'
import { accountForTests } from '../../core/account-for-tests.ts'
import { createMemoryStores } from '../../store/memory.ts'
import { SecretBox } from '../../util/secret-box.ts'
import type { AdminParts } from './routes.ts'

/** The token of the one account that admin APIs under test have; it must appear in no answer but a reveal. */
export const PLANTED_TOKEN = 'planted-account-token-5555-abcdefghijkl'

/** For tests: an account with the id 1, a task with the id 1, and an upstream that does what it is asked. */
export async function fakeAccountParts(now: () => number) {
  const box = new SecretBox(() => [Buffer.alloc(32, 3)])
  const stores = createMemoryStores()
  const directory = new AccountDirectory({
    rules: { strategy: 'quota', maxInFlight: 8 },
    clock: now,
    random: () => 0,
    onChange: () => {},
  })
  const credentialHash = hashCredential(PLANTED_TOKEN)
  directory.upsert([
    accountForTests({ id: 1, credentialHash, sealedCredential: box.seal(PLANTED_TOKEN, credentialHash) }),
  ])
  await stores.jobs.create(
    { id: '1', kind: 'accounts.refresh', owner: 'test', input: null, subjects: [] },
    now(),
  )
  await stores.jobs.cancel('1', now())
  return {
    directory,
    box,
    store: stores.accounts,
    jobs: stores.jobs,
    flushAccounts: async () => {},
    wakeRunner: () => {},
    media: {
      measure: async () => ({ count: 0, sizeBytes: 0 }),
      page: async () => ({ total: 0, files: [] }),
      remove: async () => true,
      clear: async () => 0,
    },
    actions: {
      setNsfw: async () => {},
      acceptTerms: async () => {},
      setBirthDate: async () => 'set',
      listAssets: async () => ({ assets: [], nextPageToken: null }),
      deleteAsset: async () => {},
      clearAssets: async () => 0,
    },
  } satisfies Partial<AdminParts>
}
