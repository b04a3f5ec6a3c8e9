import { describe, expect, test } from 'bun:test'
import { readJson } from '../../../test/harness/json.ts'
import { GatewayError } from '../../core/error.ts'
import { UNKNOWN_HEALTH } from '../../egress/node-health.ts'
import { noWayOut } from '../../egress/proxy-node.ts'
import type { NodeReport, WayReport } from '../../egress/ways-out.ts'
import { startAdmin } from './admin-for-tests.ts'
import type { ProxyRouteParts } from './proxy-routes.ts'

const STATE = '/egress'
const TEST = '/config/test/proxy'
const SECRET = 'planted-word'

const node = (name: string, use: NodeReport['use'] = 'requests'): NodeReport => ({
  ...UNKNOWN_HEALTH,
  node: { name, proxyUrl: `http://user:${SECRET}@${name}` },
  use,
  state: 'ready',
})

const way = (name: string, use: WayReport['use'] = 'requests'): WayReport => ({
  ...UNKNOWN_HEALTH,
  name,
  use,
  state: 'ready',
})

async function start(waysOut: Partial<ProxyRouteParts['waysOut']>) {
  const asked: (string | undefined)[] = []
  const admin = await startAdmin({
    parts: {
      waysOut: {
        nodes: () => [],
        all: () => [],
        test: async (proxyUrl) => {
          asked.push(proxyUrl)
          if (proxyUrl?.includes('dead'))
            throw new GatewayError('upstream_unavailable', '', { reason: 'proxy' })
        },
        ...waysOut,
      },
    },
  })
  const ask = (method: string, path: string, body?: unknown) => admin.ask(method, path, body)
  return { ask, asked }
}

describe('the ways out', () => {
  test('are told with their state', async () => {
    const { ask } = await start({
      all: () => [way('a.test:1'), way('b.test:2', 'downloads'), way('own.test:1', 'account')],
    })
    const response = await ask('GET', STATE)
    expect(await readJson(response)).toMatchObject({
      problem: null,
      nodes: [
        {
          way_out: 'a.test:1',
          use: 'requests',
          state: 'ready',
          health: 1,
          latency_ms: null,
          last_failures: [],
        },
        { way_out: 'b.test:2', use: 'downloads' },
        { way_out: 'own.test:1', use: 'account' },
      ],
    })
  })

  test('that the settings do not give are said to be missing', async () => {
    const fail = () => {
      throw noWayOut('the pool is empty')
    }
    const { ask } = await start({ nodes: fail, all: fail })
    expect(await readJson(await ask('GET', STATE))).toMatchObject({ nodes: [], problem: 'the pool is empty' })
    expect((await ask('POST', TEST, {})).status).toBe(400)
  })
})

describe('the test button', () => {
  test('asks over each saved proxy, and says which one fails and what to do', async () => {
    const { ask } = await start({ nodes: () => [node('good.test:1'), node('dead.test:1')] })
    const response = await ask('POST', TEST, {})
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      ok: false,
      results: [
        { way_out: 'good.test:1', ok: true, reason: null },
        { way_out: 'dead.test:1', ok: false, reason: 'proxy', message: expect.stringContaining('password') },
      ],
    })
    expect(text).not.toContain(SECRET)
  })

  test('asks directly where no proxy is saved', async () => {
    const { ask, asked } = await start({})
    expect(await readJson(await ask('POST', TEST, {}))).toMatchObject({
      ok: true,
      results: [{ way_out: 'direct', ok: true }],
    })
    expect(asked).toEqual([undefined])
  })

  test('takes one that is not saved yet', async () => {
    const { ask, asked } = await start({})
    const response = await ask('POST', TEST, { url: `socks5://user:${SECRET}@new.test:1080` })
    expect(await response.text()).not.toContain(SECRET)
    expect(asked).toEqual([`socks5h://user:${SECRET}@new.test:1080`])
  })

  test.each(['nonsense', 'ftp://a.test'])('refuses %s by its name', async (url) => {
    const { ask } = await start({})
    const response = await ask('POST', TEST, { url })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('"url"')
  })
})
