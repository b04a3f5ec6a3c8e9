import type { NodeFailure } from '../../egress/node-health.ts'
import { parseProxyNode } from '../../egress/proxy-node.ts'
import { describeError } from '../../util/log.ts'
import { toGatewayError } from '../../core/error.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { explainFailure, fine, skipped, type DoctorCheck, type Finding } from './finding.ts'

/** A configured proxy, and the setting that it stands in. */
export interface NamedProxy {
  readonly address: string
  readonly setting: string
}

export interface ProxyParts {
  readonly proxies: () => readonly NamedProxy[]
  /** Asks the upstream's edge through this proxy; throws what went wrong. */
  /** The last failure of a request through it in this process. */
  readonly lastFailure: (proxyUrl: string) => NodeFailure | undefined
  readonly testWayOut: (proxyUrl: string, signal: AbortSignal) => Promise<void>
}

/** Proxies that are tried, and how many at once. */
const MAX_PROXIES = 100
const AT_ONCE = 8

/** Each proxy: its address can be read, and it leads to the upstream. */
export function checkProxies(parts: ProxyParts): DoctorCheck {
  return {
    name: 'proxy',
    timeoutSeconds: 60,
    run: async (signal) => {
      const proxies = parts.proxies().slice(0, MAX_PROXIES)
      if (proxies.length === 0) return skipped('No proxy is used: requests leave directly.')
      return mapLimit(proxies, AT_ONCE, (proxy) => checkProxy(parts, proxy, signal))
    },
  }
}

async function checkProxy(
  { testWayOut, lastFailure }: ProxyParts,
  { address, setting }: NamedProxy,
  signal: AbortSignal,
): Promise<Finding> {
  if (address === '')
    return {
      status: 'fail',
      message: 'The way out is to be a proxy, but none is named.',
      input: setting,
      nextStep: 'Name one, or let requests leave directly.',
      setting: 'proxy.egress.mode',
    }
  const node = readNode(address, setting)
  if ('status' in node) return node
  const input = `${setting} ${node.name}`
  const before = describeBefore(lastFailure(node.proxyUrl))
  try {
    await testWayOut(node.proxyUrl, signal)
    return fine(`The proxy leads to the upstream.${before}`, input)
  } catch (thrown) {
    const finding = judge(thrown, { input, setting })
    return { ...finding, message: finding.message + before }
  }
}

/** What a request met that came before. */
function describeBefore(failure: NodeFailure | undefined): string {
  if (!failure) return ''
  const at = new Date(failure.at).toISOString()
  return ` A request through it failed at ${at}: ${failure.reason ?? failure.type}.`
}

function readNode(address: string, setting: string) {
  try {
    return parseProxyNode(address, setting)
  } catch (thrown) {
    const message = `The address of a proxy cannot be used: ${describeError(toGatewayError(thrown).cause)}.`
    const nextStep = 'Correct it; http, https, socks4, socks4a, socks5 and socks5h are known.'
    return { status: 'fail', message, input: setting, nextStep, setting, reason: 'proxy' } as const
  }
}

/** A proxy that carried an answer works, whatever the answer was. */
function judge(thrown: unknown, place: { readonly input: string; readonly setting: string }): Finding {
  const { reason } = toGatewayError(thrown)
  const hasAnswered = reason === 'challenge' || reason === 'anti-bot'
  return explainFailure(thrown, { ...place, ...(hasAnswered && { status: 'warn' }) })
}
