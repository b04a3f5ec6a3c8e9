import { expect, test } from 'bun:test'
import { GatewayError, type ErrorCode } from '../core/error.ts'
import { startAnew } from './start-anew.ts'

async function* failing(code: ErrorCode, before: readonly string[] = []): AsyncGenerator<string> {
  yield* before
  throw new GatewayError(code, 'no')
}

async function* second(): AsyncGenerator<string> {
  yield 'second'
}

test.each([
  'no_account',
  'upstream_rejected',
  'rate_limited',
  'account_blocked',
  'upstream_unavailable',
] as const)('after %s the other stream takes over', async (code) => {
  expect(await Array.fromAsync(startAnew(failing(code), second))).toEqual(['second'])
})

test.each(['content_policy', 'client_closed', 'invalid_request'] as const)(
  '%s is told as it is',
  async (code) => {
    await expect(Array.fromAsync(startAnew(failing(code), second))).rejects.toMatchObject({ code })
  },
)

test('nothing is repeated after the first item', async () => {
  const stream = startAnew(failing('upstream_unavailable', ['first']), second)
  expect((await stream.next()).value).toBe('first')
  await expect(stream.next()).rejects.toMatchObject({ code: 'upstream_unavailable' })
})
