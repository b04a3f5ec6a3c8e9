import { beforeEach, describe, expect, test } from 'bun:test'
import { defaultQuota } from '../../core/quota.ts'
import type { Account, AccountState, StateCause } from '../../core/account.ts'
import { startAccountAdmin, type AccountAdmin } from './account-pool-for-tests.ts'

let admin: AccountAdmin
beforeEach(async () => {
  admin = await startAccountAdmin()
  await admin.send('POST', '/tokens/add', { tokens: ['token-1', 'token-2', 'token-3'], tags: ['old'] })
})

const cause: StateCause = { code: 'credential_invalid', evidence: 'HTTP 401', at: 5 }
const account = (id: number): Account | undefined => admin.directory.find(id)
const edit = (body: object): Promise<unknown> => admin.send<unknown>('PUT', '/tokens/edit', body)
const refused = (body: object): Promise<string> => admin.refusal('PUT', '/tokens/edit', body)
const tokenOf = async (id: number): Promise<unknown> =>
  (await admin.send<{ tokens: { token: string }[] }>('POST', '/tokens/reveal', { ids: [id] })).tokens[0]
    ?.token
const put = (id: number, changes: Partial<Account>): void => {
  admin.directory.change(id, (before) => ({ ...before, ...changes }))
}

describe('a new token', () => {
  test('keeps the id, the tags, the counts, every window and the proxy', async () => {
    await edit({ id: 1, tier: 'heavy', proxy_url: 'http://u:p@proxy.test:1' })
    put(1, { successCount: 7, failureCount: 2 })
    const before = account(1)
    const answer = await edit({ old_token: 'token-1', token: ' sso=token-new ' })
    expect(answer).toMatchObject({ status: 'success', pool: 'heavy', account: { id: 1, use_count: 7 } })
    expect(account(1)).toMatchObject({ successCount: 7, failureCount: 2, tags: ['old'] })
    expect(account(1)?.quota).toEqual(before?.quota ?? {})
    expect(await tokenOf(1)).toBe('token-new')
    expect(answer).toMatchObject({ account: { proxy_url: 'http://••••@proxy.test:1' } })
    expect(await admin.refusal('POST', '/tokens/disabled', { token: 'token-1', disabled: true })).toBe(
      '404 account_not_found',
    )
  })

  test('may be of another login: who that is must be asked anew, unless the operator says it', async () => {
    put(1, { upstreamUserId: 'u-1', email: 'old@mail.test' })
    await edit({ id: 1, token: 'token-1' })
    expect(account(1)).toMatchObject({ upstreamUserId: 'u-1', email: 'old@mail.test' })
    await edit({ id: 1, token: 'token-new' })
    expect(account(1)).toMatchObject({ upstreamUserId: null, email: null })
    await edit({ id: 1, token: 'token-newer', email: 'new@mail.test' })
    expect(account(1)).toMatchObject({ upstreamUserId: null, email: 'new@mail.test' })
  })

  test.each<[AccountState, AccountState['status']]>([
    [{ status: 'disabled', cause }, 'disabled'],
    [{ status: 'suspended', cause }, 'suspended'],
    [{ status: 'needs-login', cause }, 'active'],
  ])('of an account that is %j leaves it %s', async (state, status) => {
    put(1, { state })
    await edit({ id: 1, token: 'token-new' })
    expect(account(1)?.state.status).toBe(status)
    if (status !== 'active') return
    expect(account(1)?.history.at(-1)).toMatchObject({ to: 'active', cause: { code: 'operator' } })
  })

  test('that is the old one changes nothing, also not a login that is lost', async () => {
    put(1, { state: { status: 'needs-login', cause } })
    await edit({ old_token: 'token-1', token: 'token-1', pool: 'basic' })
    expect(account(1)?.state.status).toBe('needs-login')
    put(2, { state: { status: 'disabled', cause }, successCount: 3 })
    await edit({ old_token: 'token-2', token: 'token-2', pool: 'auto' })
    expect(account(2)).toMatchObject({ state: { status: 'disabled' }, successCount: 3 })
  })

  test('of another account is a conflict, also if that one was deleted, and stops no later write', async () => {
    expect(await refused({ id: 1, token: 'token-2' })).toBe('409 token_conflict')
    await admin.send('DELETE', '/tokens', { ids: [2] })
    expect(await refused({ id: 1, token: 'token-2' })).toBe('409 token_conflict')
    await edit({ id: 1, label: 'still works' })
    expect((await admin.rows()).find(({ id }) => id === 1)?.label).toBe('still works')
  })

  test.each([
    [{ id: 99, token: 'x' }, '404 account_not_found'],
    [{ old_token: 'nobody', token: 'x' }, '404 account_not_found'],
    [{ token: 'x' }, '400 invalid_request'],
    [{ id: 1, token: '<svg/onload=alert(1)>' }, '400 invalid_request'],
    [{ id: 1, token: '' }, '400 invalid_request'],
    [{ id: 1, pool: 'gold' }, '400 invalid_request'],
    [{ id: 1, proxy_url: 'no proxy' }, '400 invalid_request'],
    [{ id: 1, max_inflight: 0 }, '400 invalid_request'],
    [{ id: 1, tags: [''] }, '400 invalid_request'],
  ])('%j is refused', async (body, expected) => {
    expect(await refused(body)).toBe(expected)
  })
})

describe('an edit', () => {
  test('changes what it names, and nothing else', async () => {
    await edit({
      id: 1,
      label: ' mine ',
      notes: 'n',
      email: 'a@b.test',
      groups: ['g', 'g'],
      tags: [],
      priority: 5,
      max_inflight: 2,
    })
    const changed = { label: 'mine', notes: 'n', email: 'a@b.test', groups: ['g'], tags: [], priority: 5 }
    expect(account(1)).toMatchObject({ ...changed, maxInFlight: 2 })
    await edit({ id: 1, max_inflight: null, email: null })
    expect(account(1)).toMatchObject({ ...changed, email: null, maxInFlight: null })
  })

  test('of the tier starts with the windows of that tier; a pin sets it', async () => {
    await edit({ id: 1, tier: 'super' })
    expect(account(1)).toMatchObject({ tier: 'super', pinnedTier: null, quota: defaultQuota('super') })
    await edit({ id: 2, pinned_tier: 'heavy' })
    expect(account(2)).toMatchObject({ tier: 'heavy', pinnedTier: 'heavy' })
    await edit({ id: 2, pinned_tier: null })
    expect(account(2)).toMatchObject({ tier: 'heavy', pinnedTier: null })
  })

  test('keeps the proxy sealed, and tells no password', async () => {
    const answer = await edit({ id: 1, proxy_url: 'http://user:secret-pw@proxy.test:8080' })
    expect(answer).toMatchObject({ account: { proxy_url: 'http://••••@proxy.test:8080' } })
    expect(JSON.stringify(await admin.rows())).not.toContain('secret-pw')
    await edit({ id: 1, proxy_url: null })
    expect(account(1)?.sealedProxyUrl).toBeNull()
  })

  test('is audited by the names of its fields', async () => {
    await edit({ id: 1, label: 'x', token: 'token-new' })
    const entry = admin.audit.entries.at(-1)
    expect(entry).toMatchObject({ action: 'accounts.edit', detail: { id: 1, fields: ['token', 'label'] } })
    expect(JSON.stringify(entry)).not.toContain('token-new')
  })
})

test('a bulk edit adds and removes tags and groups, and sets tier and priority', async () => {
  const body = { ids: [1, 2, 99], add_tags: ['new'], remove_tags: ['old'], add_groups: ['g'], priority: 3 }
  expect(await admin.send<unknown>('POST', '/tokens/bulk', body)).toMatchObject({
    summary: { total: 3, ok: 2, fail: 1 },
  })
  expect(account(1)).toMatchObject({ tags: ['new'], groups: ['g'], priority: 3, tier: 'basic' })
  expect(account(3)).toMatchObject({ tags: ['old'], groups: [], priority: 0 })
  await admin.send('POST', '/tokens/bulk', { ids: [1], pinned_tier: 'super', remove_groups: ['g'] })
  expect(account(1)).toMatchObject({ tier: 'super', pinnedTier: 'super', groups: [], tags: ['new'] })
})
