import { expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

test('says where it listens, answers, and ends cleanly on SIGTERM', async () => {
  const emulator = Bun.spawn([process.execPath, MAIN, '--port', '0'], { stdout: 'pipe', stderr: 'ignore' })
  try {
    const { value } = await emulator.stdout.getReader().read()
    const line = new TextDecoder().decode(value)
    expect(line).toMatch(/^emulator listening on http:\/\/127\.0\.0\.1:\d+\n$/)
    const url = line.trim().slice(line.indexOf('http'))
    expect((await fetch(`${url}/__emulator/accounts`)).status).toBe(200)
  } finally {
    emulator.kill('SIGTERM')
  }
  expect(await emulator.exited).toBe(0)
})

test('refuses a port that is none', async () => {
  const emulator = Bun.spawn([process.execPath, MAIN, '--port', 'x'], { stdout: 'pipe', stderr: 'pipe' })
  expect(await emulator.exited).toBe(2)
  expect(await new Response(emulator.stderr).text()).toContain('not a port: x')
})
