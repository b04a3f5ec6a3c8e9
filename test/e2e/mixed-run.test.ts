import { expect, test } from 'bun:test'
import type { FaultRuleInput } from '../../emulator/state/faults.ts'
import type { Account } from '../../src/core/account.ts'
import { hashCredential } from '../../src/accounts/credential.ts'
import { askAdmin } from '../harness/admin.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols, type TestProtocol } from '../harness/protocols.ts'

/*
 * Ten minutes of accounts that die, are blocked, run dry, meet the edge, are slow, fail and recover, in steps of the
 * clock: at the end every account is in the right state for the right cause, and no healthy one was shut out.
 */

const STEP_SECONDS = 5
const STEPS = 600 / STEP_SECONDS
const REQUESTS_PER_STEP = 6
/** The schedule runs by the machine's clock, so that the test asks for the figures in its place. */
const STEPS_PER_REFRESH = 12

const tokens = [
  'token-well-1',
  'token-well-2',
  'token-dies',
  'token-blocked',
  'token-dry',
  'token-edge',
  'token-edge-stays',
  'token-slow',
  'token-fails',
] as const
type Token = (typeof tokens)[number]

const healthy: readonly Token[] = [
  'token-well-1',
  'token-well-2',
  'token-dry',
  'token-edge',
  'token-slow',
  'token-fails',
]

/** What happens at which step. */
function happenings(
  { emulator }: TestGateway,
  { path }: TestProtocol,
): ReadonlyMap<number, () => Promise<unknown>> {
  const onChat = (token: Token, action: FaultRuleInput['action']): FaultRuleInput => ({ path, token, action })
  return new Map<number, () => Promise<unknown>>([
    [5, () => emulator.addFault(onChat('token-edge', { type: 'http', kind: 'challenge' }))],
    [8, () => emulator.addFault(onChat('token-slow', { type: 'latency', headersMilliseconds: 20 }))],
    [10, () => emulator.patchAccount('token-dies', { state: 'invalid' })],
    [15, () => emulator.patchAccount('token-blocked', { state: 'blocked' })],
    [20, () => emulator.addFault(onChat('token-fails', { type: 'http', kind: 'server-error' }))],
    [
      40,
      async () => {
        await emulator.clearFaults()
        await emulator.addFault(onChat('token-edge-stays', { type: 'http', kind: 'challenge' }))
      },
    ],
  ])
}

async function refreshAll({ url }: TestGateway): Promise<void> {
  const body = { all: true }
  const response = await askAdmin(url, 'admin-test', { path: '/batch/refresh', body })
  expect(response.status).toBe(200)
  await response.text()
}

onBothProtocols('ten minutes of everything', (protocol) => {
  test.each(['quota', 'random'])(
    'leave every account as it deserves (%s)',
    async (strategy) => {
      let passedMs = 0
      const startedAt = Date.now()
      const gateway = await protocol.start({
        accounts: tokens.map((token) => ({ token, tier: 'heavy' })),
        clock: () => startedAt + passedMs,
        environment: {
          GROK_RETRY_MAX_RETRIES: '4',
          GROK_ACCOUNT_REFRESH_ENABLED: String(strategy === 'quota'),
        },
      })
      const { emulator } = gateway
      await emulator.patchAccount('token-dry', {
        quotas: { fast: { total: 4, remaining: 4, windowSizeSeconds: 60 } },
      })
      const happens = happenings(gateway, protocol)
      const statuses = new Map<number, number>()
      const ask = async (): Promise<void> => {
        const { status } = await gateway.post('/v1/chat/completions', {
          model: 'grok-4.20-fast',
          messages: [{ role: 'user', content: '[[tokens:3]]' }],
        })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
      for (let step = 0; step < STEPS; step++) {
        await happens.get(step)?.()
        if (step % STEPS_PER_REFRESH === 0) await refreshAll(gateway)
        if (step === STEPS - 30) await emulator.clearRequests()
        await Promise.all(Array.from({ length: REQUESTS_PER_STEP }, ask))
        passedMs += STEP_SECONDS * 1000
        await emulator.advanceClock(STEP_SECONDS)
      }
      const { accounts: used } = await emulator.counters()
      const stored = await gateway.stopAndReadAccounts()
      await gateway.stop()
      const find = (token: Token): Account | undefined =>
        stored.find(({ credentialHash }) => credentialHash === hashCredential(token))

      // the caller never sees any of it: another account answers
      expect([...statuses]).toEqual([[200, STEPS * REQUESTS_PER_STEP]])
      for (const token of healthy) {
        expect([token, find(token)?.state.status]).toEqual([token, 'active'])
        expect([token, used[token]?.streams ?? 0]).not.toEqual([token, 0])
      }
      expect(find('token-dies')?.state).toMatchObject({
        status: 'needs-login',
        cause: { code: 'credential_invalid' },
      })
      expect(find('token-blocked')?.state).toMatchObject({
        status: 'suspended',
        cause: { code: 'account_blocked' },
      })
      // one that is chosen by its health meets the edge too seldom to be paused, which is as good
      const { state, health = 1, lastFailure } = find('token-edge-stays') ?? {}
      expect(lastFailure?.code).toBe('egress_rejected')
      expect(state?.status === 'cooling' ? 0 : health).toBeLessThan(0.8)
      expect(find('token-edge')?.lastFailure?.code).toBe('egress_rejected')
      expect(find('token-fails')?.lastFailure?.code).toBe('upstream_unavailable')
      if (strategy === 'random') {
        for (const token of ['token-edge', 'token-edge-stays', 'token-fails'] as const) {
          expect([token, find(token)?.history.map(({ to }) => to)]).toEqual([
            token,
            expect.arrayContaining(['cooling']),
          ])
        }
      }
      for (const token of ['token-well-1', 'token-well-2', 'token-slow', 'token-dry'] as const)
        expect(find(token)?.history).toEqual([])
    },
    90_000,
  )
})
