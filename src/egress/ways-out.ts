import type { Clock } from '../util/clock.ts'
import { dropOldest } from '../util/drop-oldest.ts'
import { chooseNode } from './choose-node.ts'
import {
  afterAnswer,
  afterChoice,
  afterFailure,
  afterForgiving,
  afterNote,
  stateOf,
  UNKNOWN_HEALTH,
  type NodeFailure,
  type NodeHealth,
  type NodeState,
} from './node-health.ts'
import { noWayOut, parseProxyNode, type ProxyNode } from './proxy-node.ts'
import { Rejections } from './rejections.ts'
import type { EgressSettings, WayOut, WayOutQuery } from './way-out.ts'

/** A request that a way out has carried. */
export interface AnsweredWay {
  readonly proxyUrl: string | undefined
  readonly account: string | undefined
  readonly latencyMs: number
}

/** A request that a way out has not carried. */
export interface FailedWay {
  readonly proxyUrl: string | undefined
  /** Whose request it was, as {@link WaysOut.isAccountsFault} is asked. */
  readonly account: string
  readonly type: NodeFailure['type']
  readonly reason?: NodeFailure['reason']
}

/** A configured proxy and how it has done in this process. */
export interface NodeReport extends NodeHealth {
  readonly node: ProxyNode
  readonly use: 'requests' | 'downloads'
  readonly state: NodeState
}

/** Any way that requests take, and how it has done in this process. */
export interface WayReport extends NodeHealth {
  /** Without a password. */
  readonly name: string
  /** `account`: one account's own proxy. */
  readonly use: NodeReport['use'] | 'account'
  readonly state: NodeState
}

const DIRECT: WayOut = { id: 'direct' }
/** Accounts' own proxies that are told of. */
const MAX_OWN_TOLD = 1_000
/** Proxies that something is remembered about, those of single accounts among them. */
const MAX_KNOWN_NODES = 10_000

/** The ways to the upstream: which one is taken, and how each has done. */
export class WaysOut {
  readonly #settings: () => EgressSettings
  readonly #clock: Clock
  readonly #health = new Map<string, NodeHealth>()
  /** Without a proxy there is nothing to choose: it never rests, and what went wrong is only kept. */
  #direct = UNKNOWN_HEALTH
  /** Proxies that only one account uses, or more by chance. */
  readonly #own = new Set<string>()
  readonly #rejections = new Rejections()
  /** By settings, which are frozen: each list is read once. */
  readonly #parsed = new WeakMap<readonly string[], readonly ProxyNode[]>()

  constructor(settings: () => EgressSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** The way for a request; undefined once all were tried. Settings that name none are an error. */
  choose({ accountKey, ownProxyUrl, exclude = NONE }: WayOutQuery): WayOut | undefined {
    if (ownProxyUrl !== null) return this.#take([this.#ownNode(ownProxyUrl)], { key: accountKey, exclude })
    const nodes = this.#requestNodes()
    if (nodes === 'direct') return exclude.size === 0 ? DIRECT : undefined
    return this.#take(nodes, { key: accountKey, exclude })
  }

  /**
   * The way for a download, given the one that was chosen for its request: an account's own proxy stays, anything else
   * gives place to the proxies for downloads, and a resting proxy to a better one.
   */
  forDownload(proxyUrl: string | undefined, account: string): string | undefined {
    const nodes = this.#requestNodes()
    const isOwn = proxyUrl !== undefined && this.#own.has(proxyUrl)
    if (isOwn && (nodes === 'direct' || !hasNode(nodes, proxyUrl))) return proxyUrl
    // a proxy that was taken out of the settings since is not used any more
    if (nodes === 'direct') return undefined
    const downloads = this.#downloadNodes()
    const isKept = proxyUrl !== undefined && hasNode(nodes, proxyUrl)
    const isWell = isKept && stateOf(this.#of(proxyUrl), this.#clock()) !== 'cooling'
    if (downloads.length === 0 && isWell) return proxyUrl
    return this.#take(downloads.length > 0 ? downloads : nodes, { key: account, exclude: NONE })?.proxyUrl
  }

  /** A way out has carried an answer. */
  answered({ proxyUrl, account, latencyMs }: AnsweredWay): void {
    if (account !== undefined) this.#rejections.clear(account)
    const now = this.#clock()
    if (proxyUrl === undefined) this.#direct = afterAnswer(this.#direct, latencyMs, now)
    else this.#set(proxyUrl, afterAnswer(this.#of(proxyUrl), latencyMs, now))
  }

  /** A way out has failed; what an account brought on itself does not count against it. */
  failed({ proxyUrl, account, type, reason }: FailedWay): void {
    const now = this.#clock()
    if (proxyUrl === undefined) {
      this.#direct = afterNote(this.#direct, { type, reason, at: now })
      return
    }
    const node = this.#of(proxyUrl)
    if (type === 'rejected') {
      const verdict = this.#rejections.note(account, proxyUrl, { now, answeredAt: node.answeredAt })
      if (verdict.blames === 'account') return this.#forgive(verdict.forgive)
    }
    this.#set(proxyUrl, afterFailure(node, { type, reason, at: now }))
  }

  /** Whether the last refusal of an account was its own fault, as far as its ways out can tell. */
  isAccountsFault(account: string): boolean {
    return this.#rejections.isAccounts(account)
  }

  /** The configured proxies; throws what is wrong with them. */
  nodes(): readonly NodeReport[] {
    const requests = this.#requestNodes()
    if (requests === 'direct') return []
    const now = this.#clock()
    const report = (node: ProxyNode, use: NodeReport['use']): NodeReport => {
      const health = this.#of(node.proxyUrl)
      return { ...health, node, use, state: stateOf(health, now) }
    }
    return [
      ...requests.map((node) => report(node, 'requests')),
      ...this.#downloadNodes().map((node) => report(node, 'downloads')),
    ]
  }

  /** All ways that are in use: the direct one or the configured proxies, and accounts' own proxies that have failed. */
  all(): readonly WayReport[] {
    const nodes = this.nodes()
    const usual = nodes.map(({ node: { name }, ...report }): WayReport => ({ ...report, name }))
    const isDirect = this.#settings().mode === 'direct'
    const direct: WayReport = { ...this.#direct, name: DIRECT.id, use: 'requests', state: 'ready' }
    const configured = new Set(nodes.map(({ node }) => node.proxyUrl))
    return [...(isDirect ? [direct] : usual), ...this.#ownReports(configured)]
  }

  #ownReports(configured: ReadonlySet<string>): readonly WayReport[] {
    const now = this.#clock()
    return Array.from(this.#health)
      .filter(([url, { lastFailure }]) => lastFailure && this.#own.has(url) && !configured.has(url))
      .slice(-MAX_OWN_TOLD)
      .map(([url, health]) => ownReport(url, health, now))
  }

  #ownNode(address: string): ProxyNode {
    const node = parseProxyNode(address, 'the proxy of the account')
    this.#own.delete(node.proxyUrl)
    this.#own.add(node.proxyUrl)
    dropOldest(this.#own, MAX_KNOWN_NODES)
    return node
  }

  #requestNodes(): readonly ProxyNode[] | 'direct' {
    const { mode, proxyUrl, proxyPool } = this.#settings()
    if (mode === 'direct') return 'direct'
    if (mode === 'single_proxy') {
      if (proxyUrl === '')
        throw noWayOut('proxy.egress.mode is single_proxy, but proxy.egress.proxy_url is empty')
      return [parseProxyNode(proxyUrl, 'proxy.egress.proxy_url')]
    }
    if (proxyPool.length === 0)
      throw noWayOut('proxy.egress.mode is proxy_pool, but proxy.egress.proxy_pool is empty')
    return this.#parse(proxyPool, 'proxy.egress.proxy_pool')
  }

  #downloadNodes(): readonly ProxyNode[] {
    const { mode, resourceProxyUrl, resourceProxyPool } = this.#settings()
    if (mode === 'proxy_pool') return this.#parse(resourceProxyPool, 'proxy.egress.resource_proxy_pool')
    if (mode === 'direct' || resourceProxyUrl === '') return []
    return [parseProxyNode(resourceProxyUrl, 'proxy.egress.resource_proxy_url')]
  }

  #parse(addresses: readonly string[], what: string): readonly ProxyNode[] {
    const known = this.#parsed.get(addresses)
    if (known) return known
    const nodes = addresses.map((text, index) => parseProxyNode(text, `${what}.${index}`))
    this.#parsed.set(addresses, nodes)
    return nodes
  }

  #take(
    nodes: readonly ProxyNode[],
    { key, exclude }: { readonly key: string; readonly exclude: ReadonlySet<string> },
  ): WayOut | undefined {
    const now = this.#clock()
    const chosen = chooseNode(nodes, { key, exclude, now, healthOf: ({ proxyUrl }) => this.#of(proxyUrl) })
    if (!chosen) return undefined
    const { proxyUrl, name } = chosen
    const health = this.#of(proxyUrl)
    // one that is used although it rests is on no trial
    if (health.failures > 0 && stateOf(health, now) === 'ready') this.#set(proxyUrl, afterChoice(health, now))
    return { id: name, proxyUrl }
  }

  #forgive(proxyUrl: string): void {
    const node = this.#health.get(proxyUrl)
    if (node?.lastFailure?.type === 'rejected') this.#set(proxyUrl, afterForgiving(node))
  }

  #of(proxyUrl: string): NodeHealth {
    return this.#health.get(proxyUrl) ?? UNKNOWN_HEALTH
  }

  /** What changed longest ago is forgotten first. */
  #set(proxyUrl: string, health: NodeHealth): void {
    this.#health.delete(proxyUrl)
    this.#health.set(proxyUrl, health)
    dropOldest(this.#health, MAX_KNOWN_NODES)
  }
}

const NONE: ReadonlySet<string> = new Set()

function ownReport(proxyUrl: string, health: NodeHealth, now: number): WayReport {
  const { name } = parseProxyNode(proxyUrl, 'the proxy of the account')
  return { ...health, name, use: 'account', state: stateOf(health, now) }
}

function hasNode(nodes: readonly ProxyNode[], proxyUrl: string): boolean {
  return nodes.some((node) => node.proxyUrl === proxyUrl)
}
