import { expect, test } from 'bun:test'
import { reasonRules } from '../core/reason.ts'
import { fetchSession } from './session.ts'

const identity = { credential: 'token', signal: new AbortController().signal }
const fetchWith = (answer: unknown) =>
  fetchSession(
    async () => ({ status: 200, headers: new Headers(), body: Buffer.from(JSON.stringify(answer)) }),
    identity,
  )

test.each([
  ['BLOCKED', 'account-blocked', 'account_blocked'],
  ['unauthenticated', 'credential-invalid', 'credential_invalid'],
] as const)('a session that is %s is refused with what it said as evidence', async (status, reason, code) => {
  await expect(fetchWith({ status })).rejects.toMatchObject({
    code,
    reason,
    message: reasonRules[reason].sentence,
    cause: `the session has the status ${status.toLowerCase()}`,
  })
})

test('a session that tells nobody is of a form that is not known', async () => {
  await expect(fetchWith({ session: {} })).rejects.toMatchObject({ reason: 'protocol-drift' })
})
