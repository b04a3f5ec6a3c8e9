import { expect, test } from 'bun:test'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openBox, openStores } from '../../src/cli/open-parts.ts'
import { parseStartup } from '../../src/config/startup.ts'
import { FIRST_CURSOR } from '../../src/store/contract.ts'
import { runCommand, startCommand } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { onEveryStore, type StoreEnvironment } from '../harness/stores.ts'

/*
 * Processes that are killed in the middle of a change: nothing is lost and nothing is half done.
 */

const ACCOUNTS = 4000

const tokens = Array.from({ length: ACCOUNTS }, (_, index) => `token-${index}`)

/** Every stored credential, opened; throws if one cannot be read. */
async function readCredentials(environment: StoreEnvironment): Promise<readonly string[]> {
  const startup = parseStartup(environment)
  const stores = await openStores(startup)
  const box = openBox(startup)
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 2 * ACCOUNTS)
  await stores.close()
  return accounts.map(({ sealedCredential, credentialHash }) => box.open(sealedCredential, credentialHash))
}

async function keyLines({ DATA_DIR = '' }: StoreEnvironment): Promise<readonly string[]> {
  return (await readFile(join(DATA_DIR, 'secret.key'), 'utf8')).trim().split('\n')
}

async function countStored(environment: StoreEnvironment): Promise<number> {
  const stores = await openStores(parseStartup(environment))
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 2 * ACCOUNTS)
  await stores.close()
  return accounts.length
}

onEveryStore('a killed process', ({ prepare }) => {
  test('an import that is killed leaves whole accounts, and is finished by doing it again', async () => {
    const environment = await prepare()
    const file = join(environment['DATA_DIR'] ?? '', 'accounts.txt')
    await writeFile(file, tokens.join('\n'))
    const child = startCommand(['import', file], environment)
    await eventually(() => countStored(environment), Boolean, 20_000)
    child.kill('SIGKILL')
    await child.exited
    const stored = await readCredentials(environment)
    expect(stored.every((credential) => tokens.includes(credential))).toBe(true)
    const again = await runCommand(['import', file], environment)
    expect(again).toMatchObject({ code: 0, errors: '' })
    expect(again.output).toStartWith(`${ACCOUNTS - stored.length} added, ${stored.length} already there`)
    expect((await readCredentials(environment)).toSorted()).toEqual(tokens.toSorted())
  }, 60_000)

  test('a rotation that is killed leaves every credential readable, and goes on where it was', async () => {
    const environment = await prepare()
    const file = join(environment['DATA_DIR'] ?? '', 'accounts.txt')
    await writeFile(file, tokens.join('\n'))
    await runCommand(['import', file], environment)
    const [first] = await keyLines(environment)
    const child = startCommand(['keys', 'rotate'], environment)
    await eventually(
      () => keyLines(environment),
      ({ length }) => length === 2,
      20_000,
    )
    child.kill('SIGKILL')
    await child.exited
    expect(await readCredentials(environment)).toHaveLength(ACCOUNTS)
    const again = await runCommand(['keys', 'rotate'], environment)
    expect(again).toMatchObject({ code: 0, errors: '' })
    const left = await keyLines(environment)
    expect(left).toHaveLength(1)
    expect(left).not.toContain(first)
    expect((await readCredentials(environment)).toSorted()).toEqual(tokens.toSorted())
  }, 60_000)

  test('a gateway that is killed while it saves settings has the old ones or the new ones, never half', async () => {
    const environment = await prepare()
    const port = freePort()
    const url = `http://127.0.0.1:${port}`
    const variables = {
      ...environment,
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
      const child = startCommand(['serve'], variables)
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
  }, 60_000)
})
