import type { Reason } from '../core/reason.ts'

/** How a way out has done lately. */
export interface NodeHealth {
  /** From {@link LEAST_HEALTH} to 1. */
  readonly health: number
  /** Failures since the last answer. */
  readonly failures: number
  /** Not used before, if anything else can be (epoch ms). */
  readonly coolUntil: number
  /** After a rest, only one request at a time tries it, until this time or an answer. */
  readonly trialUntil: number
  /** Usual time to the beginning of an answer. */
  readonly latencyMs: number | undefined
  readonly answeredAt: number | undefined
  readonly lastFailure: NodeFailure | undefined
  /** The last failures, oldest first. */
  readonly history: readonly NodeFailure[]
}

/** What went wrong on a way out; `silence`: nothing came in time, which may be the upstream's doing. */
export interface NodeFailure {
  readonly type: 'connection' | 'rejected' | 'silence'
  /** The true reason (docs/reasons.md). */
  readonly reason?: Reason | undefined
  readonly at: number
}

/** Of a way out that nothing is known about yet. */
export const UNKNOWN_HEALTH: NodeHealth = {
  health: 1,
  failures: 0,
  coolUntil: 0,
  trialUntil: 0,
  latencyMs: undefined,
  answeredAt: undefined,
  lastFailure: undefined,
  history: [],
}

/** Failures that are kept per way out. */
const MAX_HISTORY = 10

const LEAST_HEALTH = 0.05
const GAIN = 0.1
const LOSS = 0.7
const FIRST_COOLDOWN_MS = 30_000
const LONGEST_COOLDOWN_MS = 600_000
/** How long one request may try a way out alone. */
const TRIAL_MS = 60_000
const LATENCY_WEIGHT = 0.2

/** It answered: whatever was wrong is over. */
export function afterAnswer(node: NodeHealth, latencyMs: number, now: number): NodeHealth {
  const usual = node.latencyMs ?? latencyMs
  return {
    ...node,
    health: Math.min(1, node.health + GAIN),
    failures: 0,
    coolUntil: 0,
    trialUntil: 0,
    latencyMs: usual + (latencyMs - usual) * LATENCY_WEIGHT,
    answeredAt: now,
  }
}

/** It failed: it rests, longer each time. Requests that fail together count once; one silence alone means little. */
export function afterFailure(node: NodeHealth, failure: NodeFailure): NodeHealth {
  const { type, at } = failure
  const isResting = at < node.coolUntil
  const failures = isResting ? node.failures : node.failures + 1
  const rests = !isResting && (type !== 'silence' || failures > 1)
  const restMs = Math.min(FIRST_COOLDOWN_MS * 2 ** (failures - 1), LONGEST_COOLDOWN_MS)
  return {
    ...node,
    health: isResting ? node.health : Math.max(LEAST_HEALTH, node.health * LOSS),
    failures,
    coolUntil: rests ? at + restMs : node.coolUntil,
    trialUntil: 0,
    ...recorded(node, failure),
  }
}

/** It failed, and there is nothing else to take: that is only kept. */
export function afterNote(node: NodeHealth, failure: NodeFailure): NodeHealth {
  return { ...node, failures: node.failures + 1, ...recorded(node, failure) }
}

function recorded({ history }: NodeHealth, failure: NodeFailure) {
  return { lastFailure: failure, history: [...history, failure].slice(-MAX_HISTORY) }
}

/** Its last failure turned out to be an account's doing. */
export function afterForgiving(node: NodeHealth): NodeHealth {
  return { ...node, health: Math.min(1, node.health / LOSS), failures: 0, coolUntil: 0, trialUntil: 0 }
}

/** A request is on its way; after a rest it is a trial that keeps others away. */
export function afterChoice(node: NodeHealth, now: number): NodeHealth {
  return node.failures > 0 ? { ...node, trialUntil: now + TRIAL_MS } : node
}

/** How a way out stands: `trial` after a rest until it has answered. */
export type NodeState = 'ready' | 'trial' | 'cooling'

/** In which state a way out is now. */
export function stateOf({ failures, coolUntil, trialUntil }: NodeHealth, now: number): NodeState {
  if (now < coolUntil) return 'cooling'
  return failures > 0 && now < trialUntil ? 'trial' : 'ready'
}
