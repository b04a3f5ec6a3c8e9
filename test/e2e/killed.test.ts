import { expect, test } from 'bun:test'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBox, openStores } from '../../src/cli/open-parts.ts'
import { parseStartup } from '../../src/config/startup.ts'
import { FIRST_CURSOR } from '../../src/store/contract.ts'
import { runCommand, startCommand } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'

/*
 * Processes that are killed in the middle of a change: nothing is lost and nothing is half done.
 */

const ACCOUNTS = 4000

async function withDataDir(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-killed-'))
  try {
    await work(dataDir)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const tokens = Array.from({ length: ACCOUNTS }, (_, index) => `token-${index}`)

/** Every stored credential, opened; throws if one cannot be read. */
async function readCredentials(dataDir: string): Promise<readonly string[]> {
  const startup = parseStartup({ DATA_DIR: dataDir })
  const stores = await openStores(startup)
  const box = openBox(startup)
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 2 * ACCOUNTS)
  await stores.close()
  return accounts.map(({ sealedCredential, credentialHash }) => box.open(sealedCredential, credentialHash))
}

async function keyLines(dataDir: string): Promise<readonly string[]> {
  return (await readFile(join(dataDir, 'secret.key'), 'utf8')).trim().split('\n')
}

async function countStored(dataDir: string): Promise<number> {
  const stores = await openStores(parseStartup({ DATA_DIR: dataDir }))
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 2 * ACCOUNTS)
  await stores.close()
  return accounts.length
}

test('an import that is killed leaves whole accounts, and is finished by doing it again', async () => {
  await withDataDir(async (dataDir) => {
    const file = join(dataDir, 'accounts.txt')
    await writeFile(file, tokens.join('\n'))
    const child = startCommand(['import', file], { DATA_DIR: dataDir })
    await eventually(() => countStored(dataDir), Boolean, 20_000)
    child.kill('SIGKILL')
    await child.exited
    const stored = await readCredentials(dataDir)
    expect(stored.every((credential) => tokens.includes(credential))).toBe(true)
    const again = await runCommand(['import', file], { DATA_DIR: dataDir })
    expect(again).toMatchObject({ code: 0, errors: '' })
    expect(again.output).toStartWith(`${ACCOUNTS - stored.length} added, ${stored.length} already there`)
    expect((await readCredentials(dataDir)).toSorted()).toEqual(tokens.toSorted())
  })
}, 60_000)

test('a rotation that is killed leaves every credential readable, and goes on where it was', async () => {
  await withDataDir(async (dataDir) => {
    const file = join(dataDir, 'accounts.txt')
    await writeFile(file, tokens.join('\n'))
    await runCommand(['import', file], { DATA_DIR: dataDir })
    const [first] = await keyLines(dataDir)
    const child = startCommand(['keys', 'rotate'], { DATA_DIR: dataDir })
    await eventually(
      () => keyLines(dataDir),
      ({ length }) => length === 2,
      20_000,
    )
    child.kill('SIGKILL')
    await child.exited
    expect(await readCredentials(dataDir)).toHaveLength(ACCOUNTS)
    const again = await runCommand(['keys', 'rotate'], { DATA_DIR: dataDir })
    expect(again).toMatchObject({ code: 0, errors: '' })
    const left = await keyLines(dataDir)
    expect(left).toHaveLength(1)
    expect(left).not.toContain(first)
    expect((await readCredentials(dataDir)).toSorted()).toEqual(tokens.toSorted())
  })
}, 60_000)

test('a gateway that is killed while it saves settings has the old ones or the new ones, never half', async () => {
  await withDataDir(async (dataDir) => {
    const port = freePort()
    const url = `http://127.0.0.1:${port}`
    const environment = {
      DATA_DIR: dataDir,
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      LOG_LEVEL: 'ERROR',
      LOG_FILE_ENABLED: 'false',
      GROK_APP_APP_KEY: 'admin-test',
    }
    const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
      const headers = { authorization: 'Bearer admin-test', 'content-type': 'application/json' }
      return fetch(`${url}/admin/api${path}`, { ...init, headers })
    }
    const startServer = async () => {
      const child = startCommand(['serve'], environment)
      await eventually(
        () =>
          call('/status').then(
            ({ ok }) => ok,
            () => false,
          ),
        Boolean,
        20_000,
      )
      return child
    }
    const save = async (round: number): Promise<Response> => {
      const body = { chat: { timeout: 100 + round }, retry: { max_retries: round % 5 } }
      return call('/config', { method: 'POST', body: JSON.stringify(body) })
    }
    let server = await startServer()
    for (const pauseMs of [5, 12, 25]) {
      // the first save after a kill may find the lock of the dead, and waits until that is stale
      expect((await save(0)).status).toBe(200)
      let acknowledged = 0
      const timer = setTimeout(() => server.kill('SIGKILL'), 200 + pauseMs)
      let sent = 1
      for (; sent < 10_000; sent++) {
        const isSaved = await save(sent).then(
          ({ ok }) => ok,
          () => false,
        )
        if (!isSaved) break
        acknowledged = sent
      }
      await server.exited
      clearTimeout(timer)
      server = await startServer()
      const { chat, retry } = (await (await call('/config')).json()) as {
        chat: { timeout: number }
        retry: { max_retries: number }
      }
      const round = chat.timeout - 100
      expect([acknowledged, sent]).toContain(round)
      expect(retry.max_retries).toBe(round % 5)
      expect(sent).toBeLessThan(10_000)
    }
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })
}, 60_000)
