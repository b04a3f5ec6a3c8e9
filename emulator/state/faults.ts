import { z } from 'zod'
import { framingSchema } from './behaviour.ts'

const counts = { afterFrames: z.int().min(0).optional(), atByte: z.int().min(0).optional() }

/** The HTTP rows of spec/upstream-chat.md §8.3 by name. */
export const httpFaultKinds = [
  'bad-request-marker',
  'bad-request',
  'unauthorized',
  'payment-required',
  'blocked',
  'challenge',
  'challenge-503',
  'anti-bot',
  'safety',
  'not-found',
  'rate-limited',
  'server-error',
  'bad-gateway',
  'unavailable',
] as const

/** One name of {@link httpFaultKinds}. */
export type HttpFaultKind = (typeof httpFaultKinds)[number]

const inBandErrorSchema = z.strictObject({
  type: z.literal('in-band-error'),
  code: z.int().default(13),
  message: z.string().default('Internal error'),
  /** `final-message` puts it into `modelResponse.streamErrors`, as in transcript T6 (c). */
  at: z.enum(['first', 'after-echo', 'late', 'final-message']).default('first'),
  /** `response`: `{"result":{"response":{"error":…}}}`, spec/upstream-chat.md §5.1.2. */
  nesting: z.enum(['top', 'response']).default('top'),
  /** Answer tokens before the error, for `late` (default 3) and `final-message` (default 0). */
  afterTokens: z.int().min(0).optional(),
})

/** What can go wrong with pictures and clips themselves; emulator/README.md tells what each does where. */
export const mediaEffects = [
  'moderated',
  'preview-only',
  'completed-first',
  'fewer',
  'error-frame',
  'close',
  'asset-only',
  'absolute-url',
  'no-url',
  'no-blob',
  'html-file',
  'wrong-type',
  'nested-usage-limit',
  'fail',
  'terminal-error',
  'missing-id',
] as const

/** One of {@link mediaEffects}. */
export type MediaEffect = (typeof mediaEffects)[number]

const mediaFaultSchema = z.strictObject({
  type: z.literal('media'),
  effect: z.enum(mediaEffects),
  /** Positions from 0 that `moderated` withholds; absent means all. */
  slots: z.array(z.int().min(0)).optional(),
  /** How many pictures `fewer` announces; after how many frames `error-frame` and `close` come. */
  count: z.int().min(0).optional(),
  /** `err_code` of `error-frame`, close code of `close`. */
  code: z.union([z.string(), z.int()]).optional(),
  message: z.string().optional(),
})

/** A fault of pictures and clips. */
export type MediaFault = z.infer<typeof mediaFaultSchema>

/** What can go wrong on the chat gateway only; emulator/README.md tells what each does. */
export const gatewayEffects = [
  'attached-first',
  'foreign-created',
  'mismatched-id',
  'duplicate-families',
  'deltas-only',
  'several-per-message',
  'large-frame',
  'not-json',
  'server-ping',
  'session-ended',
] as const

/** One of {@link gatewayEffects}. */
export type GatewayEffect = (typeof gatewayEffects)[number]

/** What a fault does to the requests it matches. */
export const faultActionSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http'),
    kind: z.enum(httpFaultKinds),
    retryAfterSeconds: z.int().min(0).optional(),
  }),
  z.strictObject({
    type: z.literal('http-custom'),
    status: z.int().min(200).max(599),
    body: z.string().default(''),
    contentType: z.string().default('application/json'),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  /** The connection is reset before any byte of the answer. */
  z.strictObject({ type: z.literal('reset') }),
  z.strictObject({
    type: z.literal('latency'),
    headersMilliseconds: z.number().min(0).default(0),
    firstFrameMilliseconds: z.number().min(0).default(0),
  }),
  z.strictObject({ type: z.literal('pace'), milliseconds: z.number().min(0) }),
  /** Nothing more is sent and the connection stays open until the client leaves. */
  z.strictObject({ type: z.literal('stall'), ...counts }),
  z.strictObject({
    type: z.literal('cut'),
    ...counts,
    /** `reset` is a TCP reset; `close` ends the body as if it were whole. */
    how: z.enum(['reset', 'close']).default('reset'),
    /** Half of the frame after the last whole one is sent too. */
    insideFrame: z.boolean().default(false),
  }),
  z.strictObject({ type: z.literal('framing'), framing: framingSchema.partial() }),
  inBandErrorSchema,
  mediaFaultSchema,
  z.strictObject({ type: z.literal('gateway'), effect: z.enum(gatewayEffects) }),
])

/** See {@link faultActionSchema}. */
export type FaultAction = z.infer<typeof faultActionSchema>

/** An error inside the stream, spec/upstream-chat.md §5.1.9. */
export type InBandError = z.infer<typeof inBandErrorSchema>

/** A rule: which requests, which of them in order, and what happens to them. */
export const faultRuleSchema = z.strictObject({
  /** Exact path, or a prefix when it ends with `*`; absent means every product path. */
  path: z.string().optional(),
  method: z.string().toUpperCase().optional(),
  /** The `sso` cookie of the request. */
  token: z.string().optional(),
  /** `modeId` of a chat body or `modelName` of a quota body. */
  mode: z.string().optional(),
  /** The `message` of a chat body contains this text. */
  promptIncludes: z.string().optional(),
  /** Lets the first matching requests pass. */
  skip: z.int().min(0).default(0),
  /** How many matching requests are hit after that; null means all. */
  times: z.int().min(1).nullable().default(null),
  action: faultActionSchema,
})

/** A rule as callers write it, with defaults left out. */
export type FaultRuleInput = z.input<typeof faultRuleSchema>

/** A rule as it is kept. */
export interface FaultRule extends z.infer<typeof faultRuleSchema> {
  readonly id: string
  /** Requests that matched so far, also those that were skipped. */
  readonly matched: number
  /** Requests that were hit so far. */
  readonly hit: number
}

/** The facts of a request that rules look at. */
export interface FaultSubject {
  readonly path: string
  readonly method: string
  readonly token: string | null
  readonly mode: string | null
  readonly prompt: string | null
}

/** The fault rules, asked once per request. */
export class FaultTable {
  #rules: FaultRule[] = []
  #nextId = 1

  /** Adds a rule and returns it with its id. */
  add(rule: z.infer<typeof faultRuleSchema>): FaultRule {
    const kept = { ...rule, id: `fault-${this.#nextId}`, matched: 0, hit: 0 }
    this.#nextId += 1
    this.#rules.push(kept)
    return kept
  }

  /** All rules with their counts, in the order they were added. */
  list(): readonly FaultRule[] {
    return this.#rules
  }

  /** Removes one rule; false when the id is unknown. */
  remove(id: string): boolean {
    const before = this.#rules.length
    this.#rules = this.#rules.filter((rule) => rule.id !== id)
    return this.#rules.length < before
  }

  /** Removes all rules. */
  clear(): void {
    this.#rules = []
  }

  /**
   * Counts the request against every rule it matches and returns the actions that hit it; rules whose action does not
   * concern it are left alone.
   */
  take(
    subject: FaultSubject,
    concerns: (action: FaultAction) => boolean = () => true,
  ): readonly FaultAction[] {
    if (this.#rules.length === 0) return []
    const actions: FaultAction[] = []
    this.#rules = this.#rules.map((rule) => {
      if (!concerns(rule.action) || !matches(rule, subject)) return rule
      const matched = rule.matched + 1
      const hits = matched > rule.skip && (rule.times === null || rule.hit < rule.times)
      if (hits) actions.push(rule.action)
      return { ...rule, matched, hit: rule.hit + (hits ? 1 : 0) }
    })
    return actions
  }
}

function matches(rule: FaultRule, subject: FaultSubject): boolean {
  return (
    matchesPath(rule.path, subject.path) &&
    (rule.method === undefined || rule.method === subject.method) &&
    (rule.token === undefined || rule.token === subject.token) &&
    (rule.mode === undefined || rule.mode === subject.mode) &&
    (rule.promptIncludes === undefined || (subject.prompt ?? '').includes(rule.promptIncludes))
  )
}

function matchesPath(pattern: string | undefined, path: string): boolean {
  if (pattern === undefined) return true
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}
