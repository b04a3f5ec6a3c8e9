import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A process that logs to standard error and to a file; logging is one for a process, and the tests have theirs. */
async function runLogging(fileLevel: string): Promise<{ console: string[]; file: string[] }> {
  const directory = mkdtempSync(`${tmpdir()}/grok2api-log-`)
  const program = `
    const { openLogging } = await import('${import.meta.dir}/open-logging.ts')
    const { createLog } = await import('${import.meta.dir}/log.ts')
    const file = { directory: process.env.LOGS, level: '${fileLevel}', maxFiles: 2 }
    const close = await openLogging({ consoleLevel: 'INFO', file })
    const log = createLog('part')
    log.debug('in detail', { step: 1 })
    log.info('as usual', { apiKey: 'sk-planted', account: 7 })
    log.warn('twice', { nested: { cookie: 'planted' } })
    await close()`
  try {
    const child = Bun.spawn([process.execPath, '-e', program], {
      env: { PATH: process.env['PATH'], LOGS: directory },
      stderr: 'pipe',
    })
    const console = await child.stderr.text()
    expect(await child.exited).toBe(0)
    const [name = ''] = readdirSync(directory)
    return { console: linesOf(console), file: linesOf(readFileSync(`${directory}/${name}`, 'utf8')) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

test('a line is the same on standard error and in the file, without secrets', async () => {
  const { console, file } = await runLogging('INFO')
  expect(file).toEqual(console)
  expect(console.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 'INFO', message: 'as usual', account: 7 },
    { level: 'WARN', message: 'twice' },
  ])
  expect(console.join('\n')).not.toContain('planted')
})

test('each of the two has its own level', async () => {
  const { console, file } = await runLogging('DEBUG')
  expect(console).toHaveLength(2)
  expect(file).toHaveLength(3)
  expect(file[0]).toContain('in detail')
  expect(file.slice(1)).toEqual(console)
})
