import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from '../../src/core/account.ts'
import { askAdmin } from '../harness/admin.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { onEveryStore, type StoreEnvironment } from '../harness/stores.ts'

/*
 * A backup of any store brings the same accounts, in the same state, to any other: here by way of SQLite, there and back.
 */

const PASSPHRASE = 'a passphrase for tests'
const accounts = [
  { token: 'token-well', tier: 'super' },
  { token: 'token-dies', tier: 'heavy' },
  { token: 'token-off', tier: 'basic' },
] as const

const admin = async ({ url }: TestGateway, path: string, body: unknown): Promise<unknown> => {
  const response = await askAdmin(url, 'admin-test', { path, body })
  expect(response.status).toBe(200)
  return response.json()
}

/** Everything but what a store numbers by itself, and the seals, which differ from seal to seal. */
function comparable(stored: readonly Account[]) {
  return stored
    .map(({ id: _, revision: __, updatedAt: ___, sealedCredential: ____, ...rest }) => rest)
    .toSorted((a, b) => a.credentialHash.localeCompare(b.credentialHash))
}

/** A gateway whose accounts have been through something; stopped, with its backup and what it stored. */
async function makeBackup(environment: StoreEnvironment) {
  const gateway = await startGateway({ accounts, environment })
  await gateway.emulator.patchAccount('token-dies', { state: 'invalid' })
  for (let n = 0; n < 8; n++) {
    await gateway.post('/v1/chat/completions', {
      model: 'grok-4.20-fast',
      messages: [{ role: 'user', content: '[[tokens:2]]' }],
    })
  }
  await admin(gateway, '/tokens/disabled/batch', { tokens: ['token-off'], disabled: true })
  await admin(gateway, '/config', { chat: { timeout: 77 } })
  const backup = await admin(gateway, '/backup', { passphrase: PASSPHRASE })
  const stored = comparable(await gateway.stopAndReadAccounts())
  await gateway.stop()
  return { backup, stored }
}

async function restore(environment: StoreEnvironment, backup: unknown) {
  const gateway = await startGateway({ accounts: [], environment })
  expect(await admin(gateway, '/restore', { backup, passphrase: PASSPHRASE, settings: true })).toMatchObject({
    counts: { added: accounts.length, refused: 0 },
    settings: { restored: expect.arrayContaining(['chat.timeout']) },
  })
  const response = await askAdmin(gateway.url, 'admin-test', { path: '/config' })
  expect(await response.json()).toMatchObject({ chat: { timeout: 77 } })
  const stored = comparable(await gateway.stopAndReadAccounts())
  await gateway.stop()
  return stored
}

onEveryStore('a backup', ({ prepare }) => {
  test('goes to SQLite and from there with every account in the state it had', async () => {
    const local = mkdtempSync(join(tmpdir(), 'grok2api-backup-'))
    const there = await makeBackup(await prepare())
    expect(there.stored.map(({ state }) => state.status).toSorted()).toEqual([
      'active',
      'disabled',
      'needs-login',
    ])
    expect(await restore({ DATA_DIR: local }, there.backup)).toEqual(there.stored)
    rmSync(local, { recursive: true, force: true })
    const back = mkdtempSync(join(tmpdir(), 'grok2api-backup-'))
    const here = await makeBackup({ DATA_DIR: back })
    rmSync(back, { recursive: true, force: true })
    expect(await restore(await prepare(), here.backup)).toEqual(here.stored)
  }, 60_000)
})
