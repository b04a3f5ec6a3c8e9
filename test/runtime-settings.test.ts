import { describe, expect, test } from 'bun:test'

const root = `${import.meta.dir}/..`

/** What the engine says it was told otherwise than by default, when it starts as the scripts start the gateway. */
async function modifiedOptions(environment: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const child = Bun.spawn(['bash', '-c', '. script/runtime && exec "$0" -e 0', process.execPath], {
    cwd: root,
    env: { PATH: process.env['PATH'], BUN_JSC_dumpOptions: '1', ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = (await child.stdout.text()) + (await child.stderr.text())
  expect(await child.exited).toBe(0)
  return [...said.matchAll(/^\s+(\w+=\S+) \(default/gm)].flatMap(([, option]) => option ?? [])
}

describe('the settings of the runtime', () => {
  test('are all known to the pinned runtime, and none is its default already', async () => {
    const named = (await Bun.file(`${root}/script/runtime`).text()).matchAll(/^export BUN_JSC_(\w+)=/gm)
    const options = (await modifiedOptions()).map((option) => option.split('=')[0])
    for (const [, name] of named) expect(options).toContain(name)
  })

  test('give way to what an operator has set', async () => {
    const options = await modifiedOptions({ BUN_JSC_forceCodeBlockLiveness: 'false' })
    expect(options).not.toContain('forceCodeBlockLiveness=true')
    expect(options).toContain('useWarmUpMarkedBlocks=false')
  })
})
