import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import { CHAT, encodeCredits } from '../wire/credits-message.ts'
import { requireAccount } from './auth.ts'
import type { ProductEnv } from './exchange.ts'
import { grpcAnswer, INVALID_ARGUMENT_TRAILER, OK_TRAILER, readHex } from './grpc-web.ts'

const EMPTY_MESSAGE = '0000000000'

/** The weekly credit pool (E14, spec/upstream-chat.md §7.5): of an account without one a period and nothing else. */
export function creditRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().post(
    '/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig',
    requireAccount(state),
    async (c) => {
      if ((await readHex(c)) !== EMPTY_MESSAGE) return grpcAnswer(INVALID_ARGUMENT_TRAILER)
      const usage = state.weeklyPools.usage(c.get('account').token)
      const products = usage.usedPercent ? [{ code: CHAT, percent: usage.usedPercent }] : []
      return grpcAnswer(OK_TRAILER, encodeCredits({ ...usage, products }))
    },
  )
}
