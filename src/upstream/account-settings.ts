import { callGrpcWeb, connectHeaders } from './grpc-web-call.ts'
import type { CallerIdentity, RestCaller } from './rest-call.ts'
import { GatewayError } from '../core/error.ts'

/*
 * Settings of an account that are its owner's word. Nothing here runs by itself and nothing is made up: a birth date is
 * one that the operator typed for this account and confirmed, terms are accepted by an action that names them
 * (spec/upstream-media.md §15, bounded by the design).
 */

/** The version of the product's terms that is accepted (spec/upstream-media.md §15.3). */
export const PRODUCT_TERMS_VERSION = 5

const TERMS_MESSAGE = [0x10, 0x01]
const NSFW_CONTROL = 'always_show_nsfw_content'
const BIRTH_DATE_LOCKED = 'birth-date-change-limit-reached'

export interface AccountSettingsOptions {
  readonly accountsUrl: string
  readonly timeoutSeconds: number
}

/** Accepts the terms of the account service and of the product, in this order (§15.2, §15.3). */
export async function acceptTerms(
  call: RestCaller,
  identity: CallerIdentity,
  options: AccountSettingsOptions,
): Promise<void> {
  const { accountsUrl, timeoutSeconds } = options
  await callGrpcWeb(call, identity, {
    origin: accountsUrl,
    path: '/auth_mgmt.AuthManagement/SetTosAcceptedVersion',
    refererPath: '/accept-tos',
    message: TERMS_MESSAGE,
    headers: { ...connectHeaders, 'x-statsig-id': undefined },
    withEdgeCookies: false,
    timeoutSeconds,
  })
  const body = JSON.stringify({ tosVersion: PRODUCT_TERMS_VERSION })
  await call({ method: 'POST', path: '/rest/auth/set-tos-accepted', body, timeoutSeconds }, identity)
}

/** Sends the birth date that the owner gave (`YYYY-MM-DD`). One that is set already counts as done (§15.5). */
export async function setBirthDate(
  call: RestCaller,
  identity: CallerIdentity,
  { birthDate, timeoutSeconds }: { readonly birthDate: string; readonly timeoutSeconds: number },
): Promise<'set' | 'already-set'> {
  const body = JSON.stringify({ birthDate: `${birthDate}T16:00:00.000Z` })
  try {
    await call({ method: 'POST', path: '/rest/auth/set-birth-date', body, timeoutSeconds }, identity)
    return 'set'
  } catch (error) {
    const isLocked = error instanceof GatewayError && String(error.cause).includes(BIRTH_DATE_LOCKED)
    if (isLocked) return 'already-set'
    throw error
  }
}

/** Switches the account's own setting for adult content (§15.4). */
export async function setNsfw(
  call: RestCaller,
  identity: CallerIdentity,
  { enabled, timeoutSeconds }: { readonly enabled: boolean; readonly timeoutSeconds: number },
): Promise<void> {
  const name = [...new TextEncoder().encode(NSFW_CONTROL)]
  const message = [0x0a, 0x02, 0x10, enabled ? 1 : 0, 0x12, name.length + 2, 0x0a, name.length, ...name]
  await callGrpcWeb(call, identity, {
    path: '/auth_mgmt.AuthManagement/UpdateUserFeatureControls',
    message,
    timeoutSeconds,
  })
}
