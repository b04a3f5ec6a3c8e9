import { describe, expect, test } from 'bun:test'
import type { NewAuditEntry } from '../../core/audit.ts'
import { createLog } from '../../util/log.ts'
import { MemoryAudit } from './admin-for-tests.ts'
import { AuditTrail, MAX_ANONYMOUS_ENTRIES } from './audit-trail.ts'

const entry: NewAuditEntry = {
  at: 1,
  actor: 'bearer',
  address: '192.0.2.1',
  action: 'config.save',
  requestId: 'req_1',
  detail: {},
  status: 200,
}

function openTrail() {
  const store = new MemoryAudit()
  const trail = new AuditTrail({ store, ping: async () => store.checkUp(), log: createLog('test') })
  return { store, trail }
}

describe('the audit trail', () => {
  test('refuses what it could not record, before it is done', async () => {
    const { store, trail } = openTrail()
    store.failing = true
    await expect(trail.ready()).rejects.toMatchObject({ code: 'unavailable', status: 503 })
  })

  test('keeps the entry of a change during which the store failed, and writes it before the next one', async () => {
    const { store, trail } = openTrail()
    await trail.ready()
    store.failing = true
    await trail.record(entry)
    await expect(trail.ready()).rejects.toMatchObject({ code: 'unavailable' })
    store.failing = false
    await trail.ready()
    await trail.ready()
    expect(store.entries).toEqual([{ ...entry, id: 1 }])
  })

  test('lets nothing pass while the store answers but takes no entry', async () => {
    const { store, trail } = openTrail()
    const readOnly = new AuditTrail({ store, ping: async () => {}, log: createLog('test') })
    store.failing = true
    await readOnly.record(entry)
    await expect(readOnly.ready()).rejects.toMatchObject({ status: 503 })
    await expect(trail.ready()).rejects.toMatchObject({ status: 503 })
  })

  test('cannot be filled by strangers: what is left out is counted, but never a login or a change', async () => {
    const { store, trail } = openTrail()
    const refused = { ...entry, actor: '-', status: 401 }
    for (let count = 0; count < MAX_ANONYMOUS_ENTRIES + 7; count++) await trail.record(refused)
    await trail.record(entry)
    await trail.record({ ...entry, actor: '-', action: 'session.login' })
    expect(store.entries).toHaveLength(MAX_ANONYMOUS_ENTRIES + 2)
    await trail.record({ ...refused, at: 3_600_000 })
    expect(store.entries.at(-1)?.detail).toEqual({ request: {}, omitted: 7 })
  })
})
