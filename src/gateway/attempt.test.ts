import { describe, expect, test } from 'bun:test'
import { AccountDirectory } from '../accounts/directory.ts'
import { GatewayError, type ErrorCode } from '../core/error.ts'
import { findModel } from '../core/models.ts'
import { defaultQuota } from '../core/quota.ts'
import { newRow } from '../store/new-row.ts'
import { createLog } from '../util/log.ts'
import { attempt, type AttemptParts, type AttemptPlan, type OpenAttempt } from './attempt.ts'

const NOW = 1_800_000_000_000

function createParts(
  accounts: number,
  maxRetries = 1,
): AttemptParts & { readonly directory: AccountDirectory } {
  const directory = new AccountDirectory({
    rules: { strategy: 'quota', maxInFlight: 8 },
    clock: () => NOW,
    random: () => 0,
    onChange: () => {},
  })
  const rows = Array.from({ length: accounts }, (_, index) => {
    const account = {
      credentialHash: `${index}`,
      sealedCredential: 'sealed',
      tier: 'basic',
      tags: [],
      quota: defaultQuota('basic'),
    } as const
    return newRow(account, { id: index + 1, now: NOW, revision: 1 })
  })
  directory.upsert(rows)
  return {
    directory,
    openCredential: () => 'token',
    chooseWayOut: ({ exclude }) => (exclude?.size ? undefined : { id: 'direct' }),
    isAccountsFault: () => false,
    refreshForShortage: async () => false,
    settings: () => ({ maxRetries, retryStatuses: [503], autoModeFallback: true }),
    log: createLog('test'),
  }
}

function planFor(signal = new AbortController().signal): AttemptPlan {
  const model = findModel('grok-4.20-fast')
  if (!model) throw new Error('the catalogue lost a model')
  return { model, requestId: 'req_1', signal }
}

type Script = OpenAttempt<string>

async function* say(...words: string[]): AsyncGenerator<readonly string[]> {
  for (const word of words) yield [word]
}

async function* fail(
  code: ErrorCode,
  options: { after?: string; upstreamStatus?: number } = {},
): AsyncGenerator<readonly string[]> {
  if (options.after !== undefined) yield [options.after]
  throw new GatewayError(
    code,
    'failed',
    options.upstreamStatus === undefined ? {} : { upstreamStatus: options.upstreamStatus },
  )
}

/** Runs an attempt with one script per call; tells what came out, which accounts were asked, and the failure. */
async function run(parts: AttemptParts, scripts: readonly Script[]) {
  const asked: number[] = []
  const words: string[] = []
  let failure: unknown
  const open: OpenAttempt<string> = (current) => {
    const script = scripts[asked.length] ?? (() => say('unexpected'))
    asked.push(current.lease.accountId)
    return script(current)
  }
  try {
    for await (const batch of attempt(parts, planFor(), open)) words.push(...batch)
  } catch (error) {
    failure = error
  }
  return { words, asked, failure, inFlight: parts.directory.stats.inFlight }
}

describe('one request', () => {
  test('goes to another account after a failure before the first event', async () => {
    const { words, asked, inFlight } = await run(createParts(3), [
      () => fail('upstream_unavailable'),
      () => say('a', 'b'),
    ])
    expect(words).toEqual(['a', 'b'])
    expect(new Set(asked).size).toBe(2)
    expect(inFlight).toBe(0)
  })

  test('never retries after the first event', async () => {
    const { words, asked, failure, inFlight } = await run(createParts(3), [
      () => fail('upstream_unavailable', { after: 'half' }),
    ])
    expect(words).toEqual(['half'])
    expect(asked).toHaveLength(1)
    expect(failure).toMatchObject({ code: 'upstream_unavailable' })
    expect(inFlight).toBe(0)
  })

  test('asks at most maxRetries more accounts and fails with the true reason', async () => {
    const scripts = Array.from({ length: 9 }, () => () => fail('egress_rejected'))
    const { asked, failure } = await run(createParts(9, 2), scripts)
    expect(asked).toHaveLength(3)
    expect(failure).toMatchObject({ code: 'egress_rejected' })
  })

  test('fails with the true reason when there is no further account', async () => {
    const { failure } = await run(createParts(1, 5), [() => fail('upstream_unavailable')])
    expect(failure).toMatchObject({ code: 'upstream_unavailable' })
  })

  test.each(['content_policy', 'upstream_rejected', 'context_length_exceeded', 'internal'] as const)(
    '%s is not tried elsewhere',
    async (code) => {
      const { asked, failure } = await run(createParts(3), [() => fail(code)])
      expect(asked).toHaveLength(1)
      expect(failure).toMatchObject({ code })
    },
  )

  test('a status that is not in retry.on_codes is not tried elsewhere', async () => {
    const listed = await run(createParts(3), [
      () => fail('upstream_unavailable', { upstreamStatus: 503 }),
      () => say('x'),
    ])
    const other = await run(createParts(3), [() => fail('upstream_unavailable', { upstreamStatus: 500 })])
    expect([listed.asked.length, other.asked.length]).toEqual([2, 1])
  })

  test('without any account is a 429', async () => {
    const { failure } = await run(createParts(0), [])
    expect(failure).toMatchObject({ code: 'no_account', status: 429 })
  })

  test('after the one that lost the only account is told the same', async () => {
    const parts = createParts(1)
    const first = await run(parts, [() => fail('account_blocked')])
    const second = await run(parts, [])
    expect(second.asked).toEqual([])
    for (const { failure } of [first, second])
      expect(failure).toMatchObject({ code: 'account_blocked', status: 503, reason: 'account-blocked' })
  })

  test('penalises one account at most for ambiguous failures', async () => {
    const parts = createParts(4, 3)
    await run(
      parts,
      Array.from({ length: 4 }, () => () => fail('egress_rejected')),
    )
    const touched = Array.from(parts.directory.accounts()).filter(({ health }) => health < 1)
    expect(touched).toHaveLength(1)
  })

  test('blames every account whose login is dead', async () => {
    const parts = createParts(2, 1)
    await run(parts, [() => fail('credential_invalid'), () => fail('credential_invalid')])
    expect(Array.from(parts.directory.accounts(), ({ state }) => state.status)).toEqual([
      'needs-login',
      'needs-login',
    ])
  })

  test('that is left early gives the account back without blame, and closes what was opened', async () => {
    const parts = createParts(1)
    let closed = false
    async function* endless(): AsyncGenerator<readonly string[]> {
      try {
        for (;;) yield ['x']
      } finally {
        closed = true
      }
    }
    for await (const batch of attempt(parts, planFor(), endless)) {
      expect(parts.directory.stats.inFlight).toBe(1)
      if (batch.length > 0) break
    }
    expect(closed).toBe(true)
    expect(parts.directory.stats.inFlight).toBe(0)
    expect(parts.directory.find(1)).toMatchObject({ failureCount: 0, health: 1 })
  })

  test('is not tried again once its client has left', async () => {
    const parts = createParts(3)
    const leaving = new AbortController()
    const open = async function* (): AsyncGenerator<readonly string[]> {
      leaving.abort()
      yield* fail('client_closed')
    }
    const stream = attempt(parts, planFor(leaving.signal), open)
    await expect(stream.next()).rejects.toMatchObject({ code: 'client_closed' })
    expect(parts.directory.find(1)?.failureCount).toBe(0)
  })
})
