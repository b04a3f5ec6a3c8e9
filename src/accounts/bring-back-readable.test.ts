import { expect, test } from 'bun:test'
import { accountForTests, NOW } from '../core/account-for-tests.ts'
import { bringBackReadable } from './bring-back-readable.ts'
import { DirectoryForTests } from './directory-for-tests.ts'

const needsLogin = (id: number, evidence: string) =>
  accountForTests({
    id,
    state: { status: 'needs-login', cause: { code: 'credential_invalid', evidence, at: NOW } },
  })
const UNREADABLE =
  'the stored credential cannot be read: SecretBoxError: sealed with key a, the keys at hand are b'

test('accounts that only lacked a key are back once it is there; those that the upstream refused stay', () => {
  const { directory, ...test } = new DirectoryForTests([
    needsLogin(1, UNREADABLE),
    needsLogin(2, UNREADABLE),
    needsLogin(3, 'HTTP 401: invalid-credentials'),
  ])
  const openCredential = (sealed: string): string => {
    if (sealed === 'sealed-2') throw new Error('another key')
    return 'token'
  }
  bringBackReadable({ directory, openCredential, clock: () => NOW + 1 })
  expect([1, 2, 3].map((id) => directory.find(id)?.state.status)).toEqual([
    'active',
    'needs-login',
    'needs-login',
  ])
  expect(directory.find(1)?.history.at(-1)).toMatchObject({ to: 'active', cause: { code: 'recovered' } })
  expect(test.changed.map(({ account }) => account.id)).toEqual([1])
})
