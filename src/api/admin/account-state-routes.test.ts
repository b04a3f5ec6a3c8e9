import { beforeEach, describe, expect, test } from 'bun:test'
import type { Account, AccountState, StateCause } from '../../core/account.ts'
import { UNDO_MS } from './account-changes.ts'
import { startAccountAdmin, type AccountAdmin } from './account-pool-for-tests.ts'

let admin: AccountAdmin
beforeEach(async () => {
  admin = await startAccountAdmin()
  await admin.send('POST', '/tokens/add', { tokens: ['token-1', 'token-2', 'token-3'] })
})

const cause: StateCause = { code: 'credential_invalid', evidence: 'HTTP 401', at: 5 }
const account = (id: number): Account | undefined => admin.directory.find(id)
const put = (id: number, changes: Partial<Account>): void => {
  admin.directory.change(id, (before) => ({ ...before, ...changes }))
}
const stateOf = async (id: number): Promise<string | undefined> =>
  (await admin.rows()).find((row) => row.id === id)?.state.status

describe('disabling', () => {
  test('is stored when it is answered, with its cause, by id or by token', async () => {
    const answer = await admin.send<unknown>('POST', '/tokens/disabled', { token: 'token-2', disabled: true })
    expect(answer).toEqual({ status: 'success', id: 2, token: '••••', disabled: true })
    expect(await stateOf(2)).toBe('disabled')
    expect(account(2)?.history).toMatchObject([
      { from: 'active', to: 'disabled', cause: { code: 'operator' } },
    ])
    await admin.send('POST', '/tokens/disabled', { id: 3, disabled: true })
    expect(await stateOf(3)).toBe('disabled')
  })

  test('reaches another process, and is undone from there', async () => {
    const other = await admin.another()
    await admin.send('POST', '/tokens/disabled', { id: 1, disabled: true })
    await other.send('POST', '/tokens/disabled', { id: 1, disabled: false })
    expect(await stateOf(1)).toBe('active')
    expect(other.directory.find(1)?.state.status).toBe('active')
  })

  test('of many tells how many there were', async () => {
    const body = { ids: [1, 99], tokens: ['token-2', 'no such token'], disabled: true }
    expect(await admin.send<unknown>('POST', '/tokens/disabled/batch', body)).toMatchObject({
      summary: { total: 4, ok: 2, fail: 2 },
    })
  })

  test('of what is not there is a 404, and of nothing a 400', async () => {
    const path = '/tokens/disabled'
    expect(await admin.refusal('POST', path, { id: 99, disabled: true })).toBe('404 account_not_found')
    expect(await admin.refusal('POST', path, { token: 'x', disabled: true })).toBe('404 account_not_found')
    expect(await admin.refusal('POST', path, { disabled: true })).toBe('400 invalid_request')
  })
})

describe('enabling', () => {
  test.each<[AccountState]>([
    [{ status: 'disabled', cause }],
    [{ status: 'suspended', cause }],
    [{ status: 'needs-login', cause }],
    [{ status: 'cooling', until: Number.MAX_SAFE_INTEGER, cause }],
  ])('forgets everything that kept an account from use: %j', async (state) => {
    put(1, {
      state,
      health: 0.1,
      streak: { count: 3, startedAt: 1 },
      coolings: 4,
      modeCooldowns: { fast: { until: Number.MAX_SAFE_INTEGER, cause } },
    })
    await admin.send('POST', '/tokens/disabled', { id: 1, disabled: false })
    const row = (await admin.rows()).find(({ id }) => id === 1)
    expect(row).toMatchObject({
      state: { status: 'active' },
      health: 1,
      streak: null,
      coolings: 0,
      modeCooldowns: {},
    })
    expect(row?.history.at(-1)).toMatchObject({ to: 'active', cause: { code: 'operator' } })
  })

  test('what is well writes nothing', async () => {
    const before = account(1)
    await admin.send('POST', '/tokens/disabled', { id: 1, disabled: false })
    expect(account(1)).toBe(before as Account)
  })
})

test('clearing a cooldown ends pauses, and leaves a disabled account disabled', async () => {
  const modeCooldowns = { fast: { until: Number.MAX_SAFE_INTEGER, cause } }
  put(1, { state: { status: 'cooling', until: Number.MAX_SAFE_INTEGER, cause }, modeCooldowns })
  put(2, { state: { status: 'disabled', cause }, modeCooldowns })
  const answer = await admin.send<unknown>('POST', '/tokens/clear-cooldown', { ids: [1, 2, 99] })
  expect(answer).toMatchObject({ summary: { total: 3, ok: 2, fail: 1 } })
  expect(account(1)).toMatchObject({ state: { status: 'active' }, modeCooldowns: {} })
  expect(account(2)).toMatchObject({ state: { status: 'disabled' }, modeCooldowns: {} })
})

describe('deleting', () => {
  test.each([
    [['token-1', 'no such token', 'token-1'], 1],
    [{ ids: [1, 2, 99] }, 2],
    [{ ids: [1], tokens: ['token-1', 'token-3'] }, 2],
    [[], 0],
    [{}, 0],
  ])('%j deletes what was there, and counts that', async (body, deleted) => {
    expect(await admin.send<unknown>('DELETE', '/tokens', body)).toMatchObject({ deleted })
    expect(await admin.store.count()).toBe(3 - deleted)
    expect(await admin.get<unknown>('/tokens')).toMatchObject({ total: 3 - deleted })
  })

  test.each<[AccountState, AccountState['status']]>([
    [{ status: 'active' }, 'active'],
    [{ status: 'disabled', cause }, 'disabled'],
    [{ status: 'needs-login', cause }, 'needs-login'],
    [{ status: 'cooling', until: 1, cause }, 'active'],
  ])('can be undone: an account that was %j is %s again, with all its figures', async (state, status) => {
    put(1, { state, successCount: 7, label: 'mine', tags: ['nsfw'] })
    await admin.send('DELETE', '/tokens', { ids: [1] })
    const deleted = await admin.get<{ tokens: unknown[] }>('/tokens/deleted')
    expect(deleted.tokens).toEqual([
      {
        id: 1,
        token: '••••',
        pool: 'basic',
        label: 'mine',
        email: null,
        deleted_at: admin.time.now,
        restorable_until: admin.time.now + UNDO_MS,
      },
    ])
    expect(await admin.send<unknown>('POST', '/tokens/restore', { ids: [1, 2, 99] })).toEqual({ restored: 1 })
    expect(account(1)).toMatchObject({
      state: state.status === status ? state : { status },
      successCount: 7,
      label: 'mine',
      tags: ['nsfw'],
    })
    expect(account(1)?.history.at(-1)).toMatchObject({ from: 'deleted', to: status })
    expect(await admin.get<unknown>('/tokens/deleted')).toEqual({ tokens: [], total: 0 })
  })

  test('cannot be undone when the time for it is over', async () => {
    await admin.send('DELETE', '/tokens', { ids: [1] })
    admin.time.now += UNDO_MS
    expect(await admin.get<unknown>('/tokens/deleted')).toEqual({ tokens: [], total: 0 })
    expect(await admin.send<unknown>('POST', '/tokens/restore', { ids: [1] })).toEqual({ restored: 0 })
  })
})
