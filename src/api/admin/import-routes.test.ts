import { beforeEach, describe, expect, test } from 'bun:test'
import type { Account } from '../../core/account.ts'
import { startAccountAdmin, type AccountAdmin } from './account-pool-for-tests.ts'

interface ImportAnswer {
  readonly format: string
  readonly counts: Readonly<Record<'added' | 'updated' | 'existing' | 'refused' | 'deleted', number>>
  readonly verdicts: readonly { place: string; verdict: string; reason?: string; id?: number }[]
}

let admin: AccountAdmin
beforeEach(async () => {
  admin = await startAccountAdmin()
  await admin.send('POST', '/tokens/add', { tokens: ['token-1', 'token-2'], pool: 'basic', tags: ['old'] })
  await admin.send('POST', '/tokens/add', { tokens: ['token-3'], pool: 'super' })
})

const none = { added: 0, updated: 0, existing: 0, refused: 0, deleted: 0 }
const post = <Answer = ImportAnswer>(path: string, body: unknown): Promise<Answer> =>
  admin.send<Answer>('POST', path, body)
const account = (id: number): Account | undefined => admin.directory.find(id)
const count = (): Promise<number> => admin.store.count()
const pools = JSON.stringify({ basic: [{ token: 'token-1', tags: ['new'] }, 'token-9'] })

describe('adding', () => {
  test('tells what is new, what was here, and which are no tokens', async () => {
    const tokens = ['token-1', 'sso=token-4', '<svg/onload=alert(1)>', 'token-4', '']
    expect(await post<unknown>('/tokens/add', { tokens, tags: ['t'], groups: ['g'], label: 'l' })).toEqual({
      status: 'success',
      count: 1,
      skipped: 2,
      synced: false,
      refused: [
        { index: 2, reason: expect.stringContaining('characters that no token has') },
        { index: 4, reason: 'the line holds no token' },
      ],
      ids: [4],
    })
    expect(account(4)).toMatchObject({ tier: 'basic', tags: ['t'], groups: ['g'], label: 'l' })
    expect(account(1)?.tags).toEqual(['old'])
    expect(admin.heard.join()).not.toContain('svg')
  })

  test('refuses pools that there are not', async () => {
    expect(await admin.refusal('POST', '/tokens/add', { tokens: ['x'], pool: 'gold' })).toBe(
      '400 invalid_request',
    )
  })

  test('of 12,000 in one call is seen at once here, and by another process when it reads', async () => {
    const other = await admin.another()
    const tokens = Array.from({ length: 12_000 }, (_, index) => `bulk-${index}`)
    const { ids } = await post<{ ids: number[] }>('/tokens/add', { tokens })
    expect(ids).toHaveLength(12_000)
    expect(ids.every((id) => admin.directory.find(id))).toBe(true)
    await other.send('POST', '/sync', {})
    expect(ids.every((id) => other.directory.find(id))).toBe(true)
  })
})

describe('importing', () => {
  test('with default options deletes nothing and changes nothing that is here', async () => {
    const { counts, verdicts, format } = await post('/import', { content: pools })
    expect({ counts, format }).toEqual({ counts: { ...none, added: 1, existing: 1 }, format: 'json' })
    expect(verdicts).toEqual([
      { place: 'basic[0]', verdict: 'existing', id: 1 },
      { place: 'basic[1]', verdict: 'added', id: 4 },
    ])
    expect(await count()).toBe(4)
    expect(account(1)?.tags).toEqual(['old'])
  })

  test('to update changes what the file says, and keeps the rest', async () => {
    const content = 'token,label,pool\ntoken-1,mine,\ntoken-2,,super\ntoken-3,,\ntoken-1,twice,'
    const { counts, verdicts } = await post('/import', { content, mode: 'update' })
    expect(counts).toEqual({ ...none, updated: 2, existing: 2 })
    expect(verdicts.at(-1)).toEqual({
      place: 'line 5',
      verdict: 'existing',
      reason: 'stands in the file twice',
    })
    expect(account(1)).toMatchObject({ label: 'mine', tags: ['old'], tier: 'basic' })
    expect(account(2)).toMatchObject({ label: '', tags: ['old'], tier: 'super' })
    expect(account(3)).toMatchObject({ tier: 'super' })
  })

  test('to replace deletes the others of the pools that the file names, and only when confirmed', async () => {
    const body = { content: pools, mode: 'replace' }
    expect(await admin.refusal('POST', '/import', body)).toBe('400 invalid_request')
    expect(await admin.refusal('POST', '/import', { ...body, confirm: 'yes' })).toBe('400 invalid_request')
    expect(await count()).toBe(3)
    const { counts } = await post('/import', { ...body, confirm: 'replace' })
    expect(counts).toEqual({ ...none, added: 1, updated: 1, deleted: 1 })
    expect(account(2)).toBeUndefined()
    expect(account(3)).toBeDefined()
    expect(await post<unknown>('/tokens/restore', { ids: [2] })).toEqual({ restored: 1 })
  })

  test.each(['append', 'update', 'replace'])('dry, to %s, says the same and writes nothing', async (mode) => {
    const body = { content: `${pools.slice(0, -2)},"<svg/onload=alert(1)>"]}`, mode, confirm: 'replace' }
    const before = await admin.rows()
    const dry = await post('/import', { ...body, dry_run: true })
    expect(await admin.rows()).toEqual(before)
    const real = await post('/import', body)
    expect(dry.counts).toEqual(real.counts)
    expect(dry.verdicts.map(({ verdict }) => verdict)).toEqual(real.verdicts.map(({ verdict }) => verdict))
    expect(real.counts.refused).toBe(1)
  })

  test('of a broken file to replace deletes nothing', async () => {
    const body = { content: '{"basic":[', mode: 'replace', confirm: 'replace' }
    expect((await post('/import', body)).counts).toEqual({ ...none, refused: 1 })
    expect(await count()).toBe(3)
  })

  test('shows the first thousand verdicts, and counts all', async () => {
    const content = Array.from({ length: 1500 }, (_, index) => `line-${index}`).join('\r\n')
    const { verdicts, counts } = await post('/import', { content, pool: 'super' })
    expect(verdicts).toHaveLength(1000)
    expect(counts.added).toBe(1500)
    expect(account(1000)?.tier).toBe('super')
  })

  test('keeps a proxy sealed', async () => {
    await post('/import', { content: 'token,proxy\ntoken-8,http://u:secret-pw@proxy.test:1' })
    expect(account(4)?.sealedProxyUrl).toStartWith('v2.')
    expect(JSON.stringify(await admin.rows())).not.toContain('secret-pw')
  })

  test('is audited by its counts', async () => {
    await post('/import', { content: 'token-7' })
    expect(admin.audit.entries.at(-1)).toMatchObject({
      action: 'accounts.import',
      detail: { mode: 'append', dry_run: false, added: 1 },
    })
  })
})

describe("version 2's ways to save pools", () => {
  test.each<[string, string, unknown]>([
    ['POST', '/tokens', { basic: ['token-9'] }],
    ['POST', '/tokens', { basic: [] }],
    ['POST', '/tokens', {}],
    ['PUT', '/tokens/pool', { pool: 'basic', tokens: ['token-9'] }],
    ['PUT', '/tokens/pool', { pool: 'basic', tokens: [] }],
  ])('delete nothing any more: %s %s %j', async (method, path, body) => {
    expect(await admin.send<unknown>(method, path, body)).toMatchObject({ status: 'success', deleted: 0 })
    expect(await count()).toBeGreaterThanOrEqual(3)
  })

  test.each<[string, string, object]>([
    ['POST', '/tokens', { basic: [] }],
    ['PUT', '/tokens/pool', { pool: 'basic', tokens: [] }],
  ])('refuse to replace without a word of confirmation: %s %s', async (method, path, body) => {
    const unconfirmed = { ...body, mode: 'replace' }
    expect(await admin.refusal(method, path, unconfirmed)).toBe('400 invalid_request')
    expect(await admin.refusal(method, `${path}?mode=replace`, body)).toBe('400 invalid_request')
    expect(await count()).toBe(3)
  })

  test('replace when that is confirmed, in the body or in the address', async () => {
    const confirmed = { mode: 'replace', confirm: 'replace' }
    const first = { basic: [{ token: 'token-1', tags: ['new'] }], ...confirmed }
    expect(await post<unknown>('/tokens', first)).toMatchObject({ count: 1, updated: 1, deleted: 1 })
    expect(account(1)?.tags).toEqual(['new'])
    expect(account(3)).toBeDefined()
    const path = '/tokens/pool?mode=replace&confirm=replace'
    const answer = await admin.send<unknown>('PUT', path, { pool: 'super', tokens: ['token-8'] })
    expect(answer).toMatchObject({ pool: 'super', count: 1, added: 1, deleted: 1 })
    expect(account(3)).toBeUndefined()
  })

  test('count no pool that there is not as imported', async () => {
    expect(await post<unknown>('/tokens', { gold: ['token-9'] })).toMatchObject({ count: 0, refused: 1 })
    expect(await admin.refusal('PUT', '/tokens/pool', { pool: 'gold', tokens: ['x'] })).toBe(
      '400 invalid_request',
    )
  })
})
