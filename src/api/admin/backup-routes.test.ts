import { beforeEach, describe, expect, test } from 'bun:test'
import type { Account } from '../../core/account.ts'
import { createMemoryAccountStore } from '../../store/memory.ts'
import { windowForTests } from '../../core/account-for-tests.ts'
import { startAccountAdmin, type AccountAdmin } from './account-pool-for-tests.ts'

type Document = Readonly<Record<string, unknown>>
interface Restored {
  readonly counts: Readonly<Record<string, number>>
  readonly refused: readonly { index: number; reason: string }[]
}

let admin: AccountAdmin
beforeEach(async () => {
  admin = await startAccountAdmin()
  await admin.send('POST', '/tokens/add', { tokens: ['token-1', 'token-2'], tags: ['nsfw'] })
  await admin.send('POST', '/tokens/add', { tokens: ['token-3'], pool: 'heavy' })
  await admin.send('PUT', '/tokens/edit', { id: 2, proxy_url: 'http://u:pw@proxy.test:1', notes: 'n' })
  await admin.send('POST', '/tokens/disabled', { id: 3, disabled: true })
  admin.directory.change(2, (account) => ({
    ...account,
    successCount: 5,
    failureCount: 1,
    health: 0.5,
    quota: { fast: windowForTests(3, { resetAt: 99, source: 'real' }) },
    lastFailure: { code: 'rate_limited', evidence: 'HTTP 429', at: 7 },
  }))
})

/** Another installation: a store and a key of its own. */
const elsewhere = (): Promise<AccountAdmin> => startAccountAdmin(createMemoryAccountStore(), 9)

/** All of an account that a restore must bring back. */
const stateOf = ({ directory }: AccountAdmin, id: number): Partial<Account> => {
  const own = new Set(['id', 'revision', 'updatedAt', 'sealedCredential', 'sealedProxyUrl'])
  const fields = Object.entries(directory.find(id) ?? {}).filter(([name]) => !own.has(name))
  return Object.fromEntries(fields)
}

const back = (to: AccountAdmin, body: object): Promise<Restored> =>
  to.send<Restored>('POST', '/restore', body)

describe('an export', () => {
  test('has the tokens of a pool with their tags, as version 2 wrote them, and can be imported again', async () => {
    const pools = await admin.send<Document>('POST', '/export', { format: 'json' })
    expect(pools).toEqual({
      basic: [
        { token: 'token-1', tags: ['nsfw'] },
        { token: 'token-2', tags: ['nsfw'] },
      ],
      heavy: [{ token: 'token-3', tags: [] }],
    })
    const other = await elsewhere()
    await other.send('POST', '/import', { content: JSON.stringify(pools) })
    expect(await other.send<Document>('POST', '/export', { format: 'json' })).toEqual(pools)
  })

  test('of a part can be imported without losing the rest', async () => {
    const part = await admin.send<Document>('POST', '/export', { format: 'json', tag: 'nsfw', search: '1' })
    expect(part).toEqual({ basic: [{ token: 'token-1', tags: ['nsfw'] }] })
    await admin.send('POST', '/import', { content: JSON.stringify(part) })
    expect(await admin.store.count()).toBe(3)
  })

  test('as text has a token a line', async () => {
    const response = await admin.ask('POST', '/export', { format: 'txt', status: 'disabled' })
    expect(response.headers.get('content-type')).toStartWith('text/plain')
    expect(await response.text()).toBe('token-3\n')
  })

  test('is audited by its count, without tokens', async () => {
    await admin.send('POST', '/export', { format: 'json' })
    const entry = admin.audit.entries.at(-1)
    expect(entry).toMatchObject({ action: 'accounts.export', detail: { count: 3 } })
    expect(JSON.stringify(entry)).not.toContain('token-')
  })
})

describe('a backup', () => {
  test.each([
    ['in the clear', { unencrypted: true }, {}],
    ['with a passphrase', { passphrase: 'correct horse' }, { passphrase: 'correct horse' }],
  ])('%s brings everything back on another installation', async (_how, options, secret) => {
    const backup = await admin.send<Document>('POST', '/backup', options)
    expect(backup).toMatchObject({ grok2api_backup: 1, created_at: admin.time.now })
    const other = await elsewhere()
    const dry = await back(other, { backup, ...secret, dry_run: true })
    expect(await other.store.count()).toBe(0)
    const real = await back(other, { backup, ...secret })
    expect(real.counts).toEqual({ added: 3, existing: 0, refused: 0, deleted: 0 })
    expect(dry.counts).toEqual(real.counts)
    for (const id of [1, 2, 3]) expect(stateOf(other, id)).toEqual(stateOf(admin, id))
    expect(await other.get<unknown>('/tokens/2')).toMatchObject({ proxy_url: 'http://••••@proxy.test:1' })
    expect(await other.send<unknown>('POST', '/tokens/reveal', { ids: [2] })).toEqual({
      tokens: [{ id: 2, token: 'token-2' }],
    })
    expect((await back(other, { backup, ...secret })).counts).toMatchObject({ added: 0, existing: 3 })
  })

  test('with a passphrase tells nothing without it', async () => {
    const backup = await admin.send<Document>('POST', '/backup', { passphrase: 'correct horse' })
    expect(JSON.stringify(backup)).not.toMatch(/token-|proxy|accounts/)
    for (const secret of [{}, { passphrase: 'wrong horse' }]) {
      expect(await admin.refusal('POST', '/restore', { backup, ...secret })).toBe('400 invalid_request')
    }
  })

  test('is made only by who says whether it is to be encrypted', async () => {
    for (const body of [{}, { passphrase: 'long enough', unencrypted: true }, { passphrase: 'short' }]) {
      expect(await admin.refusal('POST', '/backup', body)).toBe('400 invalid_request')
    }
  })

  test('that replaces takes everything back to where it was', async () => {
    const backup = await admin.send<Document>('POST', '/backup', { unencrypted: true })
    const before = stateOf(admin, 2)
    await admin.send('PUT', '/tokens/edit', { id: 2, label: 'changed', notes: '' })
    await admin.send('POST', '/tokens/add', { tokens: ['token-4'] })
    await admin.send('DELETE', '/tokens', { ids: [1] })
    expect(await admin.refusal('POST', '/restore', { backup, mode: 'replace' })).toBe('400 invalid_request')
    const { counts } = await back(admin, { backup, mode: 'replace', confirm: 'replace' })
    expect(counts).toEqual({ added: 3, existing: 0, refused: 0, deleted: 1 })
    expect(stateOf(admin, 2)).toEqual(before)
    expect(await admin.send<Document>('POST', '/export', { format: 'json' })).toMatchObject({
      basic: [{ token: 'token-1' }, { token: 'token-2' }],
      heavy: [{ token: 'token-3' }],
    })
  })

  test('with items that are no accounts brings back the others, and names those', async () => {
    const backup = await admin.send<{ accounts: object[] }>('POST', '/backup', { unencrypted: true })
    const accounts = [
      { ...backup.accounts[0], credential: '<svg/onload=alert(1)>' },
      { ...backup.accounts[0], tier: 'gold' },
      null,
      backup.accounts[1],
    ]
    const { counts, refused } = await back(await elsewhere(), { backup: { ...backup, accounts } })
    expect(counts).toEqual({ added: 1, existing: 0, refused: 3, deleted: 0 })
    expect(refused.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(JSON.stringify(refused)).not.toContain('svg')
  })

  test.each([null, {}, { grok2api_backup: 2 }, { grok2api_backup: 1, created_at: 1 }, 'text'])(
    'that is %j is refused, and deletes nothing',
    async (backup) => {
      const body = { backup, mode: 'replace', confirm: 'replace' }
      expect(await admin.refusal('POST', '/restore', body)).toBe('400 invalid_request')
      expect(await admin.store.count()).toBe(3)
    },
  )
})
