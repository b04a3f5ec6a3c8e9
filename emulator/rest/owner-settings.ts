import { Hono } from 'hono'
import { z } from 'zod'
import type { EmulatorState } from '../state/emulator-state.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { grpcAnswer, INVALID_ARGUMENT_TRAILER, OK_TRAILER, readHex } from './grpc-web.ts'
import { serviceError } from './http-errors.ts'

const termsSchema = z.object({ tosVersion: z.int() })
const birthDateSchema = z.object({ birthDate: z.iso.datetime() })

/** The exact bodies of spec/upstream-media.md §15.2 and §15.4, as hexadecimal digits. */
const ACCEPT_TERMS = '00000000021001'
const NSFW_NAME = '616c776179735f73686f775f6e7366775f636f6e74656e74'
const ENABLE_NSFW = `00000000200a021001121a0a18${NSFW_NAME}`
const DISABLE_NSFW = `00000000200a021000121a0a18${NSFW_NAME}`

const FAILED_PRECONDITION_TRAILER = 'grpc-status:9\r\ngrpc-message:terms%20or%20birth%20date%20missing\r\n'

/** Settings that are the owner's word: terms, birth date, adult content (spec/upstream-media.md §15). */
export function ownerSettingsRoutes(state: EmulatorState): Hono<ProductEnv> {
  const account = requireAccount(state)
  return new Hono<ProductEnv>()
    .post('/auth_mgmt.AuthManagement/SetTosAcceptedVersion', account, async (c) => {
      if ((await readHex(c)) !== ACCEPT_TERMS) return grpcAnswer(INVALID_ARGUMENT_TRAILER)
      state.ownerSettings.change(c.get('account').token, { accountTermsAccepted: true })
      return grpcAnswer(OK_TRAILER)
    })
    .post('/rest/auth/set-tos-accepted', account, (c) => {
      const body = termsSchema.safeParse(c.get('exchange').body)
      if (!body.success) return serviceError(400, 3, 'tosVersion must be a number')
      state.ownerSettings.change(c.get('account').token, { productTermsVersion: body.data.tosVersion })
      return c.json({})
    })
    .post('/rest/auth/set-birth-date', account, (c) => setBirthDate(state, c))
    .post('/auth_mgmt.AuthManagement/UpdateUserFeatureControls', account, (c) => setNsfw(state, c))
}

function setBirthDate(state: EmulatorState, c: ProductContext): Response {
  const body = birthDateSchema.safeParse(c.get('exchange').body)
  if (!body.success) return serviceError(400, 3, 'birthDate must be a time')
  const { token } = c.get('account')
  if (state.ownerSettings.view(token).birthDate !== null) {
    return serviceError(429, 8, 'Birth date is locked [WKE=account:birth-date-change-limit-reached]')
  }
  state.ownerSettings.change(token, { birthDate: body.data.birthDate })
  return c.json({})
}

/** Switching it on needs the terms and a birth date first. */
async function setNsfw(state: EmulatorState, c: ProductContext): Promise<Response> {
  const message = await readHex(c)
  const { token } = c.get('account')
  const { accountTermsAccepted, birthDate } = state.ownerSettings.view(token)
  if (message !== ENABLE_NSFW && message !== DISABLE_NSFW) return grpcAnswer(INVALID_ARGUMENT_TRAILER)
  const isAllowed = accountTermsAccepted && birthDate !== null
  if (message === ENABLE_NSFW && !isAllowed) return grpcAnswer(FAILED_PRECONDITION_TRAILER)
  state.ownerSettings.change(token, { nsfw: message === ENABLE_NSFW })
  return grpcAnswer(OK_TRAILER)
}
