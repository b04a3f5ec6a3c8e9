import { describe, expect, test } from 'bun:test'
import { startAdmin } from './admin-for-tests.ts'
import type { ClearanceRouteParts } from './clearance-routes.ts'

const STATE = '/clearance'
const TEST = '/config/test/solver'

async function start(changes: Partial<ClearanceRouteParts['clearance']> = {}) {
  const asked: (string | undefined)[] = []
  const admin = await startAdmin({
    parts: {
      clearance: {
        reports: () => [],
        solverUrl: () => 'http://solver.test:8191',
        test: async (url) => {
          asked.push(url)
          if (url?.includes('dead')) throw new Error('nobody listens')
          return { wayOut: 'direct', userAgent: 'Agent/1', cookieNames: ['cf_clearance'] }
        },
        ...changes,
      },
    },
  })
  return { ask: (method: string, path: string, body?: unknown) => admin.ask(method, path, body), asked }
}

test('the clearances are told by way out and host, with the names of their cookies', async () => {
  const report = { wayOut: 'http://proxy.test:1', host: 'grok.test', state: 'valid', solvedAt: 5 } as const
  const { ask } = await start({
    reports: () => [
      {
        ...report,
        cookieNames: ['cf_clearance'],
        userAgent: 'Agent/1',
        expiresAt: undefined,
        lastFailure: undefined,
      },
    ],
  })
  expect(await (await ask('GET', STATE)).json()).toEqual({
    status: 'success',
    clearances: [
      {
        way_out: 'http://proxy.test:1',
        host: 'grok.test',
        state: 'valid',
        cookies: ['cf_clearance'],
        user_agent: 'Agent/1',
        solved_at: 5,
        expires_at: null,
        last_failure: null,
      },
    ],
  })
})

describe('the test of the solver', () => {
  test('takes the saved address, or one that is not saved yet', async () => {
    const { ask, asked } = await start()
    expect(await (await ask('POST', TEST, {})).json()).toMatchObject({ ok: true, cookies: ['cf_clearance'] })
    await ask('POST', TEST, { url: 'http://other.test' })
    expect(asked).toEqual([undefined, 'http://other.test'])
  })

  test('says why it failed', async () => {
    const { ask } = await start()
    const answer = await (await ask('POST', TEST, { url: 'http://dead.test' })).json()
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('nobody listens') })
  })

  test.each(['nonsense', 'ftp://a.test'])('refuses %s by its name', async (url) => {
    const { ask, asked } = await start()
    const response = await ask('POST', TEST, { url })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('"url"')
    expect(asked).toEqual([])
  })

  test('names the setting that is empty', async () => {
    const { ask } = await start({ solverUrl: () => '' })
    const response = await ask('POST', TEST, {})
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('proxy.clearance.flaresolverr_url')
  })
})
