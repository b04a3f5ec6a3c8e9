import { expect, test } from 'bun:test'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../../src/cli/serve.ts'
import { runCommand } from '../harness/command.ts'
import { startGateway } from '../harness/gateway.ts'

async function withDataDir(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-start-'))
  try {
    await work(dataDir)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

test('a second gateway on the same port does not start', async () => {
  const gateway = await startGateway()
  await withDataDir(async (dataDir) => {
    const port = new URL(gateway.url).port
    const second = serve({
      DATA_DIR: dataDir,
      LOG_FILE_ENABLED: 'false',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: port,
    })
    await expect(second).rejects.toThrow('in use')
  })
  await gateway.stop()
})

test('every wrong start-up variable is named at once', async () => {
  const { errors, code } = await runCommand(['serve'], { SERVER_PORT: 'x', SERVER_WORKERS: '0' })
  expect(code).toBe(1)
  expect(errors).toContain('SERVER_PORT')
  expect(errors).toContain('SERVER_WORKERS')
})

test('a data folder that cannot be written is named, with what to do', async () => {
  const { errors, code } = await runCommand(['serve'], { DATA_DIR: '/proc/nothing' })
  expect(code).toBe(1)
  expect(errors).toContain('DATA_DIR /proc/nothing cannot be written')
})

test('a key file that others can read stops the start', async () => {
  await withDataDir(async (dataDir) => {
    await writeFile(join(dataDir, 'secret.key'), 'x')
    await chmod(join(dataDir, 'secret.key'), 0o644)
    const { errors, code } = await runCommand(['serve'], { DATA_DIR: dataDir })
    expect(code).toBe(1)
    expect(errors).toContain('chmod 600')
  })
})

test('accounts are imported by line, refused ones are named by line and never repeated', async () => {
  await withDataDir(async (dataDir) => {
    const file = join(dataDir, 'accounts.txt')
    await writeFile(
      file,
      '\uFEFFtoken-one\r\n\r\n# note\r\nsso=token-two; other=1\r\nbad secret\r\ntoken-one\r\n',
    )
    const environment = { DATA_DIR: dataDir }
    const first = await runCommand(['import', file, '--tier', 'super'], environment)
    expect(first.output).toBe('2 added, 1 already there, 0 revived, 1 refused\n')
    expect(first.errors).toStartWith('line 5: ')
    expect(first.errors).not.toContain('bad secret')
    expect(first.code).toBe(1)
    const again = await runCommand(['import', file], environment)
    expect(again.output).toBe('0 added, 3 already there, 0 revived, 1 refused\n')
  })
})

test('a running gateway takes in what is imported beside it', async () => {
  const gateway = await startGateway({ accounts: [], environment: { ACCOUNT_SYNC_INTERVAL: '1' } })
  expect((await gateway.get('/ready')).status).toBe(503)
  const file = join(gateway.dataDir, 'accounts.txt')
  await writeFile(file, 'token-late\n')
  await runCommand(['import', file], { DATA_DIR: gateway.dataDir })
  const deadline = Date.now() + 5000
  while ((await gateway.get('/ready')).status !== 200 && Date.now() < deadline) await Bun.sleep(50)
  expect((await gateway.get('/ready')).status).toBe(200)
  await gateway.stop()
})
