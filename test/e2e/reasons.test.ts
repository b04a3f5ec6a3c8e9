import { afterEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Glob } from 'bun'
import type { FaultAction } from '../../emulator/state/faults.ts'
import type { Account } from '../../src/core/account.ts'
import { reasonRules, reasons, type Reason } from '../../src/core/reason.ts'
import { askAdmin } from '../harness/admin.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols, type TestProtocol } from '../harness/protocols.ts'
import { startHttpProxy, type TestProxy } from '../harness/proxies.ts'

const DRIFT = '{"result":{"shiny":{"words":"private words"}}}\n{"result":{"response":{"isSoftStop":true}}}\n'

interface Cause {
  readonly reason: Reason
  readonly action?: unknown
  /** What the action hits, if it is not the chat itself. */
  readonly path?: string
  /** How the proxy behaves from the first request on. */
  readonly proxy?: 'refuse' | 'none'
  readonly environment?: (gatewayPort: string) => Readonly<Record<string, string>>
  readonly code: string
  readonly status: number
  /** Whose history holds it; both stay empty of what is the request's fault alone. */
  readonly inAccount: boolean
  readonly inWayOut: boolean
}

const http = (kind: string): unknown => ({ type: 'http', kind })

const account = { inAccount: true, inWayOut: false }
const wayOut = { inAccount: false, inWayOut: true }

/** A chat whose frames are unknown; the newer protocol asks who the account is, and gets an unknown answer. */
const drift: Readonly<Record<TestProtocol['name'], Cause>> = {
  rest: {
    reason: 'protocol-drift',
    action: { type: 'http-custom', status: 200, body: DRIFT },
    code: 'upstream_unavailable',
    status: 502,
    ...account,
  },
  gateway: {
    reason: 'protocol-drift',
    path: '/api/auth/session',
    action: { type: 'http-custom', status: 200, body: '{"shiny":"private words"}' },
    code: 'upstream_unavailable',
    status: 502,
    ...account,
  },
}

/** Frames that nothing knows in an answer that is whole, and under which names they are counted. */
const unknownFrames: Readonly<Record<TestProtocol['name'], { action: unknown; kinds: readonly string[] }>> = {
  rest: {
    action: {
      type: 'http-custom',
      status: 200,
      body:
        '{"result":{"response":{"shinyThing":{"words":"private words","id":"abc123"}}}}\n' +
        '{"result":{"response":{"token":"Hello","messageTag":"final"}}}\n' +
        '{"result":{"response":{"token":"lost","messageTag":"louder"}}}\n' +
        '{"result":{"response":{"token":"","isSoftStop":true}}}\n',
    },
    kinds: ['chat: field shinyThing', 'chat: tag louder'],
  },
  gateway: { action: { type: 'gateway', effect: 'large-frame' }, kinds: ['chat: event x.padding'] },
}

const challenge: Cause = {
  reason: 'challenge',
  action: http('challenge'),
  code: 'egress_rejected',
  status: 502,
  ...wayOut,
}

const causes: readonly Cause[] = [
  challenge,
  { reason: 'anti-bot', action: http('anti-bot'), code: 'egress_rejected', status: 502, ...wayOut },
  { reason: 'account-blocked', action: http('blocked'), code: 'account_blocked', status: 503, ...account },
  {
    reason: 'credential-invalid',
    action: http('unauthorized'),
    code: 'credential_invalid',
    status: 503,
    ...account,
  },
  {
    reason: 'terms-or-age',
    action: {
      type: 'http-custom',
      status: 403,
      body: '{"error":{"code":7,"message":"You must accept the terms first."}}',
    },
    code: 'account_restricted',
    status: 503,
    ...account,
  },
  {
    reason: 'payment',
    action: http('payment-required'),
    code: 'upstream_unavailable',
    status: 502,
    ...account,
  },
  { reason: 'quota', action: http('rate-limited'), code: 'rate_limit_exceeded', status: 429, ...account },
  { reason: 'moderation', action: http('safety'), code: 'content_policy_violation', status: 400, ...account },
  { reason: 'proxy', proxy: 'refuse', code: 'upstream_unavailable', status: 502, ...wayOut },
  {
    reason: 'dns',
    proxy: 'none',
    environment: () => ({ GROK_UPSTREAM_BASE_URL: 'http://no-such-name.invalid' }),
    code: 'upstream_unavailable',
    status: 502,
    ...account,
  },
  {
    reason: 'tls',
    environment: (port) => ({ GROK_UPSTREAM_BASE_URL: `https://127.0.0.1:${port}` }),
    code: 'upstream_unavailable',
    status: 502,
    ...wayOut,
  },
  {
    reason: 'upstream-down',
    action: http('server-error'),
    code: 'upstream_unavailable',
    status: 502,
    ...account,
  },
  {
    reason: 'upstream-silent',
    action: { type: 'stall', afterFrames: 0 },
    environment: () => ({ GROK_CHAT_TIMEOUT: '0.2' }),
    code: 'upstream_timeout',
    status: 504,
    inAccount: true,
    inWayOut: true,
  },
  {
    reason: 'request-refused',
    action: http('not-found'),
    code: 'upstream_rejected',
    status: 502,
    ...account,
  },
  drift.rest,
]

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

test('every reason there is has a cause that is tried here', () => {
  expect(causes.map(({ reason }) => reason)).toEqual([...reasons])
})

onBothProtocols('one cause has one name, wherever it is told', (protocol) => {
  test.each(causes.map(({ reason }) => reason))('%s', async (reason) => {
    const cause = findCause(reason, protocol.name)
    const { gateway, proxy } = await open(cause, protocol)
    const { sentence, nextStep } = reasonRules[reason]

    const response = await ask(gateway)
    expect(response.status).toBe(cause.status)
    expect(await response.json()).toMatchObject({ error: { code: cause.code, message: sentence } })

    const told = (await askDoctor(gateway)).filter((finding) => finding.reason === reason)
    expect(told.length).toBeGreaterThan(0)
    expect(told.every(({ message }) => message.includes(sentence))).toBe(true)
    // what the environment sets is named after it
    expect(told.some((finding) => finding.next_step?.startsWith(nextStep))).toBe(true)
    expect(JSON.stringify(told)).not.toContain('private words')

    expect(await wayOutReasons(gateway)).toEqual(cause.inWayOut ? [reason] : [])
    if (proxy) expect((await lookAtProxy(gateway, proxy)).includes(`: ${reason}.`)).toBe(cause.inWayOut)

    const [kept] = await gateway.stopAndReadAccounts()
    expect(reasonsIn(kept)).toEqual(cause.inAccount ? [reason] : [])
    const lines = await readLog(gateway)
    const requestId = response.headers.get('x-request-id')
    const ours = lines.filter((line) => line['requestId'] === requestId && line['reason'] === reason)
    expect(ours.map(({ message }) => message)).toEqual(['an attempt failed', 'a request was refused'])
  })

  test('without a proxy the account keeps the reason, and stays in service', async () => {
    const { gateway } = await open({ ...challenge, proxy: 'none' }, protocol)
    await ask(gateway)
    const [kept] = await gateway.stopAndReadAccounts()
    expect(reasonsIn(kept)).toEqual(['challenge'])
    expect(kept?.state.status).toBe('active')
  })

  test('a challenge is one with any status, also with that of success', async () => {
    const body = '<!DOCTYPE html><title>Just a moment...</title>'
    const action = { type: 'http-custom', status: 200, contentType: 'text/html', body }
    const { gateway } = await open({ ...challenge, action }, protocol)
    expect(await (await ask(gateway)).json()).toMatchObject({ error: { code: 'egress_rejected' } })
  })

  test('unknown frames are counted by kind, told once with a sample without words, and end nothing', async () => {
    const { action, kinds } = unknownFrames[protocol.name]
    const { gateway } = await open({ ...challenge, action }, protocol)
    for (let times = 0; times < 3; times++) {
      const answer = await readJson<{ choices: [{ message: { content: string } }] }>(
        await ask(gateway, '[[say:Hello]]'),
      )
      expect(answer.choices[0].message.content).toBe('Hello')
    }
    const response = await askAdmin(gateway.url, 'admin-test', { path: '/status' })
    const { drift } = await readJson<{ drift: { kind: string; count: number }[] }>(response)
    expect(drift.map(({ kind, count }) => [kind, count])).toEqual(kinds.map((kind) => [kind, 3]))
    const found = await askDoctor(gateway)
    expect(found.find(({ check }) => check === 'drift')).toMatchObject({
      status: 'warn',
      reason: 'protocol-drift',
    })
    await gateway.stopAndReadAccounts()
    const warnings = (await readLog(gateway)).filter(
      ({ message }) => message === 'the upstream sent something unknown',
    )
    expect(warnings.map((line) => line['kind'])).toEqual([...kinds])
    expect(JSON.stringify(warnings)).not.toMatch(/private|abc123|lost|xxx/)
  })
})

function findCause(reason: Reason, protocol: TestProtocol['name']): Cause {
  const cause = reason === 'protocol-drift' ? drift[protocol] : causes.find((each) => each.reason === reason)
  if (!cause) throw new Error(`there is no cause for ${reason}`)
  return cause
}

interface World {
  readonly gateway: TestGateway
  readonly proxy: TestProxy | undefined
}

/** A gateway with one account, behind a proxy unless the cause wants none. */
async function open(
  { action, path, proxy: behaviour, environment }: Cause,
  protocol: TestProtocol,
): Promise<World> {
  const proxy = behaviour === 'none' ? undefined : await startHttpProxy()
  if (proxy) stops.push(async () => proxy.stop())
  const plain = Bun.serve({ port: 0, fetch: () => new Response('not TLS') })
  stops.push(() => plain.stop(true))
  const gateway = await protocol.start({
    accounts: [{ token: 'token-super', tier: 'super' }],
    environment: {
      GROK_RETRY_MAX_RETRIES: '0',
      ...(proxy && { GROK_PROXY_EGRESS_MODE: 'single_proxy', GROK_PROXY_EGRESS_PROXY_URL: proxy.url }),
      ...environment?.(String(plain.port)),
    },
  })
  stops.push(() => gateway.stop())
  if (action !== undefined)
    await gateway.emulator.addFault({ path: path ?? protocol.path, action: action as FaultAction })
  if (behaviour === 'refuse') proxy?.behave('refuse')
  return { gateway, proxy }
}

const ask = (gateway: TestGateway, prompt = 'hi'): Promise<Response> =>
  gateway.post('/v1/chat/completions', {
    model: 'grok-4.20-fast',
    messages: [{ role: 'user', content: prompt }],
  })

interface FindingAnswer {
  readonly check: string
  readonly status: string
  readonly message: string
  readonly input: string | null
  readonly next_step: string | null
  readonly reason: string | null
}

async function askDoctor(gateway: TestGateway): Promise<readonly FindingAnswer[]> {
  const response = await askAdmin(gateway.url, 'admin-test', { path: '/doctor', body: { account_id: 1 } })
  expect(response.status).toBe(200)
  return (await readJson<{ findings: FindingAnswer[] }>(response)).findings
}

/** The reasons in the history of the ways out. */
async function wayOutReasons(gateway: TestGateway): Promise<string[]> {
  const response = await askAdmin(gateway.url, 'admin-test', { path: '/egress' })
  const { nodes } = await readJson<{ nodes: { last_failures: { reason: string }[] }[] }>(response)
  return [...new Set(nodes.flatMap((node) => node.last_failures.map(({ reason }) => reason)))]
}

/** What the doctor tells of requests that went through the proxy before. */
async function lookAtProxy(gateway: TestGateway, proxy: TestProxy): Promise<string> {
  const found = (await askDoctor(gateway)).find(({ check }) => check === 'proxy')
  expect(found?.input).toContain(new URL(proxy.url).host)
  return found?.message ?? ''
}

/** The reasons of everything that an account's history says. */
function reasonsIn(kept: Account | undefined): string[] {
  const causesOf = [
    kept?.lastFailure,
    ...(kept?.history.map(({ cause }) => cause) ?? []),
    ...Object.values(kept?.modeCooldowns ?? {}).map(({ cause }) => cause),
  ]
  return [...new Set(causesOf.flatMap((cause) => cause?.reason ?? []))]
}

async function readLog({ dataDir }: TestGateway): Promise<readonly Record<string, unknown>[]> {
  const directory = join(dataDir, 'logs')
  const lines: Record<string, unknown>[] = []
  for await (const name of new Glob('*').scan({ cwd: directory })) {
    const text = await Bun.file(join(directory, name)).text()
    for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line))
  }
  return lines
}
