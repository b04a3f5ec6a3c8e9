import { GatewayError, type ErrorCode } from '../core/error.ts'

/** Failures that say nothing about the same request put in another way. */
const repeatable: ReadonlySet<ErrorCode> = new Set(['no_account', 'upstream_rejected'])

/** A stream, or another in its place if it fails before its first batch for a reason that the other need not share. */
export async function* startAnew<Item>(
  first: AsyncGenerator<Item>,
  second: () => AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  let hasBegun = false
  try {
    for await (const item of first) {
      hasBegun = true
      yield item
    }
    return
  } catch (thrown) {
    if (hasBegun || !mayRepeat(thrown)) throw thrown
  }
  yield* second()
}

function mayRepeat(thrown: unknown): boolean {
  return thrown instanceof GatewayError && (repeatable.has(thrown.code) || thrown.retry === 'other-account')
}
