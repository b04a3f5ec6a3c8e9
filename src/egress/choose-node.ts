import { stateOf, type NodeHealth } from './node-health.ts'
import type { ProxyNode } from './proxy-node.ts'

export interface NodeChoice {
  /** Requests with the same key go the same way as long as that one is well. */
  readonly key: string
  readonly healthOf: (node: ProxyNode) => NodeHealth
  readonly now: number
  /** Addresses that have been tried in vain. */
  readonly exclude: ReadonlySet<string>
}

/** The slowest way out still gets this part of what it would get otherwise. */
const LEAST_SPEED = 0.25
const HASH_RANGE = 2 ** 32

/**
 * Chooses among several proxies: each key has its own order of them (weighted by health and speed), so that accounts are
 * spread, stay where they are, and only those of a failing proxy move. A pool never closes: when all rest, the one whose
 * rest ends first is used. Undefined: all were tried.
 */
export function chooseNode(nodes: readonly ProxyNode[], choice: NodeChoice): ProxyNode | undefined {
  const { healthOf, now, exclude } = choice
  const open = nodes.filter(({ proxyUrl }) => !exclude.has(proxyUrl))
  const ready = open.filter((node) => stateOf(healthOf(node), now) === 'ready')
  if (ready.length === 0) return best(open, (node) => -restEnd(healthOf(node)))
  const fastest = Math.min(...ready.map((node) => healthOf(node).latencyMs ?? Infinity))
  return best(ready, (node) => rank(node, healthOf(node), { key: choice.key, fastest }))
}

/** Weighted rendezvous hashing: a changed weight moves only the keys that it must. */
function rank(
  { proxyUrl }: ProxyNode,
  { health, latencyMs }: NodeHealth,
  { key, fastest }: { readonly key: string; readonly fastest: number },
): number {
  // in coarse steps, so that small changes move nobody
  const speed = latencyMs === undefined ? 1 : Math.ceil((fastest / Math.max(latencyMs, 1)) * 4) / 4
  const weight = health * Math.max(LEAST_SPEED, Math.min(1, speed))
  const hash = (Bun.hash.xxHash32(`${key} ${proxyUrl}`) + 1) / (HASH_RANGE + 1)
  return -weight / Math.log(hash)
}

function restEnd({ coolUntil, trialUntil }: NodeHealth): number {
  return Math.max(coolUntil, trialUntil)
}

function best(nodes: readonly ProxyNode[], valueOf: (node: ProxyNode) => number): ProxyNode | undefined {
  let found: ProxyNode | undefined
  let highest = -Infinity
  for (const node of nodes) {
    const value = valueOf(node)
    if (found && value <= highest) continue
    found = node
    highest = value
  }
  return found
}
