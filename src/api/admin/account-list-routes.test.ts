import { beforeAll, describe, expect, test } from 'bun:test'
import type { AccountAnswer } from './account-answer.ts'
import { startAccountAdmin, type AccountAdmin } from './account-pool-for-tests.ts'

interface ListAnswer {
  readonly tokens: readonly AccountAnswer[]
  readonly total: number
  readonly matched: number
  readonly next_cursor: string | null
  readonly facets: { status: Record<string, number>; tier: Record<string, number>; nsfw: number }
}

const tokenOf = (index: number): string =>
  `eyJhbGciOiJIUzI1NiJ9.secret-number-${String(index).padStart(4, '0')}`

let admin: AccountAdmin
beforeAll(async () => {
  admin = await startAccountAdmin()
  const add = (pool: string, from: number, more: object = {}): Promise<unknown> =>
    admin.send('POST', '/tokens/add', {
      tokens: Array.from({ length: 10 }, (_, index) => tokenOf(from + index)),
      pool,
      ...more,
    })
  await add('basic', 1, { tags: ['nsfw'], label: 'first ten' })
  await add('super', 11, { groups: ['team-a'] })
  const proxy_url = 'http://user:proxy-password@proxy.test:8080'
  await admin.send('PUT', '/tokens/edit', { id: 1, proxy_url, email: 'one@mail.test' })
})

const list = (query: string): Promise<ListAnswer> => admin.get<ListAnswer>(`/tokens?${query}`)
const idsOf = ({ tokens }: ListAnswer): number[] => tokens.map(({ id }) => id)

describe('the list of accounts', () => {
  test('has everything about them but their secrets', async () => {
    const { tokens, ...rest } = await list('limit=1')
    expect(tokens[0]).toMatchObject({
      id: 1,
      token: 'eyJh…0001',
      pool: 'basic',
      status: 'active',
      state: { status: 'active', cause: null, since: admin.time.now, until: null },
      use_count: 0,
      fail_count: 0,
      success_rate: null,
      last_used_at: null,
      last_failure: null,
      tags: ['nsfw'],
      label: 'first ten',
      email: 'one@mail.test',
      proxy_url: 'http://••••@proxy.test:8080',
      health: 1,
      in_flight: 0,
      created_at: admin.time.now,
      synced_at: null,
      history: [],
    })
    expect(tokens[0]?.quota['fast']).toEqual({
      remaining: 30,
      total: 30,
      window_seconds: 86_400,
      reset_at: null,
      synced_at: null,
      source: 'default',
    })
    expect(rest).toMatchObject({
      total: 20,
      matched: 20,
      facets: { status: { active: 20 }, tier: { basic: 10, super: 10 }, nsfw: 10 },
    })
    expect(admin.heard.join()).not.toMatch(/secret-number|proxy-password/)
  })

  test('comes in pages that a cursor joins', async () => {
    const first = await list('sort=-id&limit=8')
    const second = await list(`sort=-id&limit=8&cursor=${first.next_cursor}`)
    const third = await list(`sort=-id&limit=8&cursor=${second.next_cursor}`)
    const all = [first, second, third].flatMap(idsOf)
    expect(all).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index))
    expect(third.next_cursor).toBeNull()
  })

  test.each([
    ['search=first', 10],
    ['search=one@', 1],
    [`search=${tokenOf(13)}`, 1],
    ['search=secret-number', 0],
    ['search=eyJh', 0],
    ['tier=super', 10],
    ['tier=basic,super', 20],
    ['tier=ssoSuper', 10],
    ['status=active,cooling', 20],
    ['status=disabled', 0],
    ['tag=nsfw', 10],
    ['group=team-a', 10],
    ['mode=heavy', 0],
    ['tier=&status=&tag=', 20],
  ])('is filtered by %p', async (query, matched) => {
    expect(await list(query)).toMatchObject({ matched, total: 20 })
  })

  test('gives only the fields that were asked for', async () => {
    const { tokens } = await list('fields=id,pool&limit=1')
    expect(tokens).toEqual([{ id: 1, pool: 'basic' } as AccountAnswer])
  })

  test.each([
    'sort=token',
    'limit=0',
    'limit=1001',
    'tier=gold',
    'status=deleted',
    'mode=slow',
    'fields=secret',
    'cursor=nonsense',
    'cursor=WzFd',
  ])('refuses %p', async (query) => {
    expect(await admin.refusal('GET', `/tokens?${query}`)).toBe('400 invalid_request')
  })

  test('refuses the cursor of another order', async () => {
    const { next_cursor: cursor } = await list('sort=id&limit=1')
    expect(await admin.refusal('GET', `/tokens?sort=-id&cursor=${cursor}`)).toBe('400 invalid_request')
  })
})

describe('one account', () => {
  test('is told with everything, or missed by name', async () => {
    expect(await admin.get<AccountAnswer>('/tokens/11')).toMatchObject({ id: 11, groups: ['team-a'] })
    expect(await admin.refusal('GET', '/tokens/999')).toBe('404 account_not_found')
    expect(await admin.refusal('GET', '/tokens/x')).toBe('400 invalid_request')
  })

  test('shows why it failed, how often, and what it is waiting for', async () => {
    const at = admin.time.now
    const lastFailure = { code: 'rate_limited', evidence: 'HTTP 429 (code 8)', at } as const
    admin.directory.change(20, (account) => ({
      ...account,
      state: { status: 'cooling', until: at + 5000, cause: lastFailure },
      successCount: 1,
      failureCount: 3,
      lastFailure,
    }))
    const expected = {
      status: 'cooling',
      state: { status: 'cooling', since: at, until: at + 5000, cause: lastFailure },
      fail_count: 3,
      success_rate: 0.25,
      last_failure: lastFailure,
      history: [{ from: 'active', to: 'cooling', cause: lastFailure }],
    }
    expect(await admin.get<AccountAnswer>('/tokens/20')).toMatchObject(expected)
    const { tokens } = await list('sort=-failures&limit=1')
    expect(tokens).toMatchObject([expected])
  })
})

test('requests under way are told', async () => {
  const taken = admin.directory.reserve({ tiers: ['super'], modes: ['fast'], exclude: new Set() })
  const id = taken?.slot.account.id
  expect(await admin.get<AccountAnswer>(`/tokens/${id}`)).toMatchObject({ in_flight: 1 })
})

describe('revealing', () => {
  test('shows tokens, and leaves a record of whose', async () => {
    const revealer = await startAccountAdmin()
    const { ids } = await revealer.send<{ ids: number[] }>('POST', '/tokens/add', { tokens: ['a-token'] })
    expect(await revealer.send<unknown>('POST', '/tokens/reveal', { ids: [...ids, 99] })).toEqual({
      tokens: [{ id: 1, token: 'a-token' }],
    })
    expect(revealer.audit.entries.at(-1)).toMatchObject({
      action: 'accounts.reveal',
      detail: { ids: [1, 99] },
    })
    expect(JSON.stringify(revealer.audit.entries)).not.toContain('a-token')
  })

  test('is for a hundred at most', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => index + 1)
    expect(await admin.refusal('POST', '/tokens/reveal', { ids })).toBe('400 invalid_request')
    expect(await admin.refusal('POST', '/tokens/reveal', { ids: [] })).toBe('400 invalid_request')
  })
})
