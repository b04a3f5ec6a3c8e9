import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../harness/eventually.ts'
import { startGateway } from '../harness/gateway.ts'

test('a settings file that is changed by hand is in force within seconds, and a broken one changes nothing', async () => {
  const gateway = await startGateway()
  const ask = { model: 'grok-4.20-fast', messages: [{ role: 'user', content: '[[T2]]' }] }
  const thinks = async (): Promise<boolean> => {
    const response = await gateway.post('/v1/chat/completions', ask)
    expect(response.status).toBe(200)
    return (await response.text()).includes('reasoning_content')
  }
  expect(await thinks()).toBe(true)
  const path = join(gateway.dataDir, 'config.toml')
  await writeFile(path, '[features]\nthinking = false\n')
  expect(await eventually(thinks, (shown) => !shown, 10_000)).toBe(false)
  await writeFile(path, '[features\nthinking = tr')
  await Bun.sleep(3500)
  expect(await thinks()).toBe(false)
  await gateway.stop()
}, 20_000)
