import type { ErrorCode } from './error.ts'

/** Every true reason of a failure, in the order of `docs/reasons.md`. */
export const reasons = [
  'challenge',
  'anti-bot',
  'account-blocked',
  'credential-invalid',
  'terms-or-age',
  'payment',
  'quota',
  'moderation',
  'proxy',
  'dns',
  'tls',
  'upstream-down',
  'upstream-silent',
  'request-refused',
  'protocol-drift',
] as const

/** The closed set of reasons: what really stood between a request and its answer (spec/demand.md row 1). */
export type Reason = (typeof reasons)[number]

/** Whom a reason speaks of, and so whose history it belongs in. */
export type Blamed = 'account' | 'way-out' | 'request' | 'upstream' | 'gateway'

interface ReasonRule {
  /** What the API answers with. */
  readonly code: ErrorCode
  readonly blames: Blamed
  /** What happened, as callers may read it: nothing of it names an account, an address or a setting. */
  readonly sentence: string
  /** What the operator can do; only for the operator. */
  readonly nextStep: string
  /** The settings that decide it; each can be returned to its default. */
  readonly settings: readonly string[]
}

/** What each reason is called outside, whom it speaks of, and what to do about it. */
export const reasonRules: Readonly<Record<Reason, ReasonRule>> = {
  challenge: {
    code: 'egress_rejected',
    blames: 'way-out',
    sentence: "The upstream's edge asked for a browser check instead of answering.",
    nextStep:
      'Take another way out, or bring a clearance for this one: the cookies of a browser on the same address with its exact User-Agent, or the address of your own FlareSolverr.',
    settings: [
      'proxy.clearance.mode',
      'proxy.egress.mode',
      'proxy.clearance.cf_cookies',
      'proxy.clearance.user_agent',
      'proxy.clearance.flaresolverr_url',
    ],
  },
  'anti-bot': {
    code: 'egress_rejected',
    blames: 'way-out',
    sentence: "The upstream's anti-bot rules refused the connection.",
    nextStep:
      'Renew the x-statsig-id that is sent, or clear it to send none, and see that the User-Agent is that of a browser of today.',
    settings: ['upstream.statsig_value', 'features.dynamic_statsig', 'proxy.clearance.user_agent'],
  },
  'account-blocked': {
    code: 'account_blocked',
    blames: 'account',
    sentence: 'The upstream has blocked the account that was used.',
    nextStep: 'Log in to the account in a browser to see why; until it is free again other accounts serve.',
    settings: [],
  },
  'credential-invalid': {
    code: 'credential_invalid',
    blames: 'account',
    sentence: 'The upstream no longer accepts the login of the account that was used.',
    nextStep: "Log in again in a browser and give the account its new token ('replace token').",
    settings: [],
  },
  'terms-or-age': {
    code: 'account_restricted',
    blames: 'account',
    sentence: 'The account that was used must first accept terms or state an age at the upstream.',
    nextStep:
      "Its owner accepts the terms and states the birth date: in a browser, or by the account's own actions in the admin console.",
    settings: ['features.enable_nsfw'],
  },
  payment: {
    code: 'upstream_unavailable',
    blames: 'account',
    sentence: 'The upstream wants a payment for the account that was used.',
    nextStep:
      'Look at the subscription of the account in a browser; correct its tier here if it has changed.',
    settings: [],
  },
  quota: {
    code: 'rate_limited',
    blames: 'account',
    sentence: 'The upstream limits the account that was used.',
    nextStep: 'Wait for the reset that the account shows, add accounts, or let requests go to more of them.',
    settings: ['retry.max_retries', 'retry.on_codes', 'features.auto_chat_mode_fallback'],
  },
  moderation: {
    code: 'content_policy',
    blames: 'request',
    sentence: 'The upstream refused the content under its usage guidelines.',
    nextStep:
      'Nothing is wrong with the gateway: the request itself was refused, and is not tried elsewhere.',
    settings: [],
  },
  proxy: {
    code: 'upstream_unavailable',
    blames: 'way-out',
    sentence: 'The proxy on the way to the upstream failed.',
    nextStep: 'Correct the address, the user or the password of the proxy, or clear it to go without.',
    settings: ['proxy.egress.mode', 'proxy.egress.proxy_url', 'proxy.egress.proxy_pool'],
  },
  dns: {
    code: 'upstream_unavailable',
    blames: 'gateway',
    sentence: "The upstream's name could not be resolved.",
    nextStep: "Check the address for a slip, and this machine's name servers.",
    settings: ['upstream.base_url', 'upstream.assets_url', 'upstream.accounts_url'],
  },
  tls: {
    code: 'upstream_unavailable',
    blames: 'way-out',
    sentence: 'No secure connection to the upstream could be made.',
    nextStep:
      "Something between here and the upstream speaks no TLS or shows a certificate of its own: check the address, the proxy and this machine's clock.",
    settings: ['upstream.base_url', 'proxy.egress.proxy_url', 'proxy.egress.skip_ssl_verify'],
  },
  'upstream-down': {
    code: 'upstream_unavailable',
    blames: 'upstream',
    sentence: 'The upstream failed, or broke off its answer.',
    nextStep:
      'Wait, and look at its status page; if it works in a browser, check the address and the way out.',
    settings: ['upstream.base_url', 'retry.max_retries', 'retry.on_codes'],
  },
  'upstream-silent': {
    code: 'upstream_timeout',
    blames: 'upstream',
    sentence: 'The upstream stayed silent for too long.',
    nextStep: 'Allow more time if answers of this kind take long; otherwise as when the upstream is down.',
    settings: ['chat.timeout', 'image.timeout', 'video.timeout'],
  },
  'request-refused': {
    code: 'upstream_rejected',
    blames: 'request',
    sentence: 'The upstream did not accept the request.',
    nextStep:
      'The log has what it said, under the request id. If it refuses everything, its protocol may have changed: update the gateway.',
    settings: ['upstream.chat_protocol'],
  },
  'protocol-drift': {
    code: 'upstream_unavailable',
    blames: 'gateway',
    sentence: 'The upstream answered in a form that this gateway does not know.',
    nextStep:
      'Update the gateway, or try the other chat protocol; the warning in the log has a sample without secrets for a report.',
    settings: ['upstream.chat_protocol', 'upstream.base_url'],
  },
}

/** The reason that a code stands for when nothing more is known; codes that are not about the upstream have none. */
export function usualReason(code: ErrorCode): Reason | undefined {
  return usual[code]
}

const usual: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  egress_rejected: 'anti-bot',
  account_blocked: 'account-blocked',
  credential_invalid: 'credential-invalid',
  account_restricted: 'terms-or-age',
  rate_limited: 'quota',
  content_policy: 'moderation',
  upstream_unavailable: 'upstream-down',
  upstream_timeout: 'upstream-silent',
  upstream_rejected: 'request-refused',
}
