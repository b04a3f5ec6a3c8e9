import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

/*
 * The coding agents themselves, as npm has them, at work through a gateway. They are large (some 800 MB), so only
 * `script/test test/agents` brings them; a run of everything skips this file and says so.
 */

const binaries = process.env['TEST_AGENTS']
const AGENT_LIMIT_MS = 90_000

onBothProtocols('coding agents', (protocol) => {
  let gateway: TestGateway
  let home: string
  let work: string

  beforeAll(async () => {
    // one request to the upstream per request of the agent, so that these can be counted there
    gateway = await protocol.start({
      environment: {
        GROK_RETRY_MAX_RETRIES: '0',
        GROK_MODELS_ALIASES: 'gpt-*=grok-4.20-fast,claude-*=grok-4.20-fast',
      },
    })
  })

  afterAll(() => gateway.stop())

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'grok2api-agent-'))
    work = join(home, 'work')
    await mkdir(work)
    await Bun.write(join(work, 'note.txt'), 'hello wrold\n')
    await gateway.emulator.clearRequests()
  })

  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await rm(home, { recursive: true, force: true })
  })

  /** Runs an agent with nothing of this machine's environment; returns what it wrote. */
  async function run(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<string> {
    const child = Bun.spawn([...command], {
      cwd: work,
      env: { HOME: home, PATH: process.env['PATH'] ?? '', ...environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: AGENT_LIMIT_MS,
    })
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
    await child.exited
    return out + err
  }

  const requestsToUpstream = async (): Promise<number> => (await protocol.calls(gateway)).length

  const note = () => Bun.file(join(work, 'note.txt')).text()

  describe.skipIf(binaries === undefined)('Codex', () => {
    const codex = async (model: string, prompt: string, more = ''): Promise<string> => {
      const provider = `name = "gw"\nbase_url = "${gateway.url}/v1"\nwire_api = "responses"\nenv_key = "GW_KEY"\n${more}`
      const config = `model = "${model}"\nmodel_provider = "gw"\n[model_providers.gw]\n${provider}`
      await Bun.write(join(home, '.codex/config.toml'), config)
      const flags = ['exec', '--skip-git-repo-check', '--json', '-s', 'danger-full-access']
      return run([`${binaries}/codex`, ...flags, prompt], { GW_KEY: API_KEY })
    }
    const patch =
      '*** Begin Patch\\n*** Update File: note.txt\\n@@\\n-hello wrold\\n+hello world\\n*** End Patch'
    const script = 'tools.exec_command({cmd:\\"sed -i s/wrold/world/ note.txt; cat note.txt\\"})'
    const read = '[[step1:call exec_command {"cmd":"cat note.txt"}]]'

    test.each([
      [
        'grok-4.20-fast',
        3,
        `${read} [[step2:call exec_command {"cmd":"sed -i s/wrold/world/ note.txt"}]] [[step3:say The typo is fixed.]]`,
      ],
      [
        'gpt-5.5',
        3,
        `${read} [[step2:call apply_patch {"input":"${patch}"}]] [[step3:say The typo is fixed.]]`,
      ],
      [
        'gpt-6.1-sol',
        2,
        `[[step1:call functions__exec {"input":"const r = await ${script}; text(r.output)"}]] [[step2:say The typo is fixed.]]`,
      ],
    ])(
      'under the tools of %s reads, edits and answers in %i requests',
      async (model, requests, steps) => {
        const output = await codex(model, `Fix the typo in note.txt. ${steps}`)
        expect(output).toContain('The typo is fixed.')
        expect(await note()).toBe('hello world\n')
        expect(await requestsToUpstream()).toBe(requests)
      },
      AGENT_LIMIT_MS,
    )

    test(
      'over a socket sends only what is new, in as many requests',
      async () => {
        const steps = `${read} [[step2:call exec_command {"cmd":"sed -i s/wrold/world/ note.txt"}]] [[step3:say Done.]]`
        const output = await codex('gpt-5.5', `Fix the typo. ${steps}`, 'supports_websockets = true\n')
        expect(output).toContain('Done.')
        expect(await note()).toBe('hello world\n')
        expect(await requestsToUpstream()).toBe(3)
      },
      AGENT_LIMIT_MS,
    )

    test(
      'over a socket asks six times where the upstream fails, and then six times without one',
      async () => {
        await gateway.emulator.addFault({
          path: protocol.path,
          action: { type: 'http', kind: 'server-error' },
        })
        const output = await codex('gpt-5.5', 'hi [[tokens:50]]', 'supports_websockets = true\n')
        expect(output).toContain('turn.failed')
        expect(await requestsToUpstream()).toBeLessThanOrEqual(12)
      },
      AGENT_LIMIT_MS,
    )

    test.each([
      ['fails', { type: 'http', kind: 'server-error' }],
      ['breaks off', { type: 'cut', afterFrames: 8 }],
    ] as const)(
      'asks six times, not thirty, where the upstream %s',
      async (_, action) => {
        await gateway.emulator.addFault({ path: protocol.path, action })
        expect(await codex('gpt-5.5', 'hi [[tokens:50]]')).toContain('turn.failed')
        expect(await requestsToUpstream()).toBe(6)
      },
      AGENT_LIMIT_MS,
    )
  })

  describe.skipIf(binaries === undefined)('Claude Code', () => {
    test(
      'reads, edits and answers in three requests',
      async () => {
        const path = join(work, 'note.txt')
        const steps = [
          `[[step1:call Read {"file_path":"${path}"}]]`,
          `[[step2:call Edit {"file_path":"${path}","old_string":"wrold","new_string":"world"}]]`,
          '[[step3:say The typo is fixed.]]',
        ]
        const flags = ['--allowedTools', 'Read,Edit', '--output-format', 'stream-json', '--verbose']
        const output = await run([`${binaries}/claude`, '-p', `Fix the typo. ${steps.join(' ')}`, ...flags], {
          ANTHROPIC_BASE_URL: gateway.url,
          ANTHROPIC_API_KEY: API_KEY,
          ANTHROPIC_MODEL: 'claude-opus-5-5',
        })
        expect(output).toContain('The typo is fixed.')
        expect(await note()).toBe('hello world\n')
        expect(await requestsToUpstream()).toBe(3)
      },
      AGENT_LIMIT_MS,
    )
  })
})
