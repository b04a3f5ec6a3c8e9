import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import { SettingsConflictError } from '../core/settings-document.ts'
import type { Stores } from './contract.ts'
import { rejectionOf } from './rejection-for-tests.ts'

type Opened = Pick<Stores, 'settings' | 'settingsHistory' | 'close'>

/** The promises of every store of settings and their history; `open` gives an empty one. */
export function describeSettingsStore(name: string, open: () => Promise<Opened>): void {
  describe(name, () => {
    let stores: Opened
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())
    describe('settings', () => testSettings(() => stores.settings))
    describe('the history of settings', () => testHistory(() => stores.settingsHistory))
  })
}

function testSettings(settings: () => Stores['settings']): void {
  test('are empty at first, and come back as they were saved', async () => {
    const { values, version } = await settings().load()
    expect(values).toEqual({})
    const saved = { app: { api_key: ['a', 'ü "b"'] }, retry: { max_retries: 2, ratio: 0.25, on: true } }
    const next = await settings().save(saved, version)
    expect(next).not.toBe(version)
    expect(await settings().load()).toEqual({ values: saved, version: next })
  })

  test('are replaced whole', async () => {
    const { version } = await settings().load()
    await settings().save({ b: 1 }, await settings().save({ a: 1 }, version))
    expect((await settings().load()).values).toEqual({ b: 1 })
  })

  test('refuse a save over what somebody else has saved, and keep it', async () => {
    const { version } = await settings().load()
    await settings().save({ theirs: 1 }, version)
    expect(await rejectionOf(settings().save({ ours: 1 }, version))).toBeInstanceOf(SettingsConflictError)
    expect(await rejectionOf(settings().save({ ours: 1 }, 'nonsense'))).toBeInstanceOf(SettingsConflictError)
    expect((await settings().load()).values).toEqual({ theirs: 1 })
  })

  test('of many saves at once take exactly one', async () => {
    const { version } = await settings().load()
    const saves = Array.from({ length: 10 }, (_, n) => settings().save({ n }, version))
    const outcomes = await Promise.allSettled(saves)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
}

function testHistory(history: () => Stores['settingsHistory']): void {
  const append = (n: number) =>
    history().append({ at: NOW + n, actor: `actor ${n}`, values: { deep: { n, text: 'ü' } } })

  test('gives revisions back, newest first, page by page', async () => {
    const [first, second, third] = [await append(1), await append(2), await append(3)]
    expect(second).toEqual({
      id: second.id,
      at: NOW + 2,
      actor: 'actor 2',
      values: { deep: { n: 2, text: 'ü' } },
    })
    expect(await history().list({ limit: 2 })).toEqual([third, second])
    expect(await history().list({ limit: 2, beforeId: second.id })).toEqual([first])
  })

  test('finds one by its id', async () => {
    const revision = await append(1)
    expect(await history().find(revision.id)).toEqual(revision)
    expect(await history().find(revision.id + 1)).toBeUndefined()
  })
}
