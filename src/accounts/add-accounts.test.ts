import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOW } from '../core/account-for-tests.ts'
import { defaultQuota } from '../core/quota.ts'
import { FIRST_CURSOR } from '../store/contract.ts'
import { createMemoryAccountStore } from '../store/memory.ts'
import { openSqliteStores } from '../store/sql/sqlite.ts'
import { changeForTests } from '../store/stored-accounts-for-tests.ts'
import { SecretBox } from '../util/secret-box.ts'
import { addAccounts } from './add-accounts.ts'
import { hashCredential } from './credential.ts'
import type { ImportEntry } from './import-entry.ts'

const box = new SecretBox(() => [Buffer.alloc(32, 7)])
const folder = mkdtempSync(join(tmpdir(), 'grok2api-add-'))
afterAll(() => rmSync(folder, { recursive: true }))

function entry(credential: string, changes: Partial<ImportEntry> = {}): ImportEntry {
  return { credential, tier: 'basic', tags: [], ...changes }
}

describe('adding accounts', () => {
  test('stores them with the quota of their tier and their tags', async () => {
    const store = createMemoryAccountStore()
    await addAccounts(store, box, [entry('token', { tier: 'super', tags: ['nsfw'] })], NOW)
    const { accounts } = await store.changesSince(FIRST_CURSOR, 10)
    expect(accounts).toMatchObject([
      {
        credentialHash: hashCredential('token'),
        tier: 'super',
        tags: ['nsfw'],
        quota: defaultQuota('super'),
      },
    ])
  })

  test('seals each credential for its own row', async () => {
    const store = createMemoryAccountStore()
    await addAccounts(store, box, [entry('one'), entry('other')], NOW)
    const { accounts } = await store.changesSince(FIRST_CURSOR, 10)
    const [one, other] = accounts
    expect(box.open(one?.sealedCredential ?? '', one?.credentialHash ?? '')).toBe('one')
    expect(() => box.open(one?.sealedCredential ?? '', other?.credentialHash ?? '')).toThrow()
  })

  test('counts what was new, known and deleted before, over all batches', async () => {
    const store = createMemoryAccountStore()
    const many = Array.from({ length: 2500 }, (_, n) => entry(`token-${n}`))
    expect(await addAccounts(store, box, many, NOW)).toEqual({ added: 2500, existing: 0, revived: 0 })
    const { accounts } = await store.changesSince(FIRST_CURSOR, 1)
    const cause = { code: 'operator', evidence: '', at: NOW } as const
    for (const account of accounts)
      await store.save([changeForTests(account, { state: { status: 'deleted', cause } })], NOW)
    const again = [...many, entry('new'), entry('new')]
    expect(await addAccounts(store, box, again, NOW)).toEqual({ added: 1, existing: 2500, revived: 1 })
  })

  test('of an empty list adds nothing', async () => {
    expect(await addAccounts(createMemoryAccountStore(), box, [], NOW)).toEqual({
      added: 0,
      existing: 0,
      revived: 0,
    })
  })

  test('leaves no credential readable in the files of the store', async () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.very-secret-token.signature'
    const stores = await openSqliteStores(join(folder, 'accounts.db'))
    await addAccounts(stores.accounts, box, [entry(token)], NOW)
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name))
      for (const part of token.split('.')) expect(bytes.includes(part)).toBe(false)
    }
    await stores.close()
  })
})
