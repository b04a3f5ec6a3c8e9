import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import type { NewAuditEntry } from '../core/audit.ts'
import type { AuditFilter, Stores } from './contract.ts'

function entry(action: string, at = NOW): NewAuditEntry {
  const detail = { ids: [1, 2], note: 'a "quoted" ünïcode 🦄' }
  return { at, actor: 'bearer', address: '127.0.0.1', action, requestId: 'req-1', detail, status: 200 }
}

/** The promises of every audit log; `open` gives an empty one. */
export function describeAuditStore(name: string, open: () => Promise<Pick<Stores, 'audit' | 'close'>>): void {
  describe(name, () => {
    let stores: Pick<Stores, 'audit' | 'close'>
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())
    const actions = async (filter: Partial<AuditFilter> = {}): Promise<string[]> =>
      (await stores.audit.list({ limit: 10, ...filter })).map(({ action }) => action)

    test('gives entries back as they were written, newest first', async () => {
      const first = await stores.audit.append(entry('accounts.add'))
      const second = await stores.audit.append(entry('accounts.delete', NOW + 1))
      expect(second).toEqual({ ...entry('accounts.delete', NOW + 1), id: second.id })
      expect(second.id).toBeGreaterThan(first.id)
      expect(await stores.audit.list({ limit: 10 })).toEqual([second, first])
    })

    test('pages by id', async () => {
      for (let n = 0; n < 5; n++) await stores.audit.append(entry(`action ${n}`))
      const [, second] = await stores.audit.list({ limit: 2 })
      expect(await actions({ limit: 2, beforeId: second?.id ?? 0 })).toEqual(['action 2', 'action 1'])
    })

    test('finds by an action or its beginning, to the letter', async () => {
      const all = ['accounts.add', 'accounts_x', 'ACCOUNTS.add', '设置.save']
      for (const action of all) await stores.audit.append(entry(action))
      expect(await actions({ action: 'accounts.add' })).toEqual(['accounts.add'])
      expect(await actions({ action: 'accounts.*' })).toEqual(['accounts.add'])
      expect(await actions({ action: 'accounts_*' })).toEqual(['accounts_x'])
      expect(await actions({ action: '设置*' })).toEqual(['设置.save'])
      expect(await actions({ action: '%*' })).toEqual([])
      expect(await actions({ action: '*' })).toEqual(all.toReversed())
    })

    test('gives each of many entries at once an id of its own', async () => {
      const appended = await Promise.all(Array.from({ length: 20 }, () => stores.audit.append(entry('x'))))
      expect(new Set(appended.map(({ id }) => id)).size).toBe(20)
    })

    test('removes entries by age, and gives no id again', async () => {
      await stores.audit.append(entry('old', NOW))
      const last = await stores.audit.append(entry('new', NOW + 1))
      expect(await stores.audit.prune(NOW + 1)).toBe(1)
      expect(await actions()).toEqual(['new'])
      await stores.audit.prune(NOW + 2)
      expect((await stores.audit.append(entry('newer'))).id).toBeGreaterThan(last.id)
    })
  })
}
