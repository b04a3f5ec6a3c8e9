import type { NodeFailure } from '../../egress/node-health.ts'
import { parseProxyNode } from '../../egress/proxy-node.ts'
import { describeError } from '../../util/log.ts'
import { toGatewayError } from '../../core/error.ts'
import { mapLimit } from '../../util/map-limit.ts'
import {
  ACCOUNTS_UNREADABLE,
  explainFailure,
  fine,
  skipped,
  type DoctorCheck,
  type Finding,
} from './finding.ts'

/** A proxy that requests may take. */
export interface NamedProxy {
  readonly address: string
  /** Where it stands: in a setting, or at an account. */
  readonly name: string
  readonly setting?: string
}

export interface ProxyParts {
  readonly proxies: () => readonly NamedProxy[]
  /** Those of accounts; throws if they cannot be read. */
  readonly ownProxies: () => Promise<readonly NamedProxy[]>
  /** The last failure of a request through it in this process. */
  readonly lastFailure: (proxyUrl: string) => NodeFailure | undefined
  /** Asks the upstream's edge through this proxy; throws what went wrong. */
  readonly testWayOut: (proxyUrl: string, signal: AbortSignal) => Promise<void>
}

/** Proxies that are tried, and how many at once: so many that silent ones end within the check's own time. */
const MAX_PROXIES = 100
const AT_ONCE = 25

/** Each proxy: its address can be read, and it leads to the upstream. */
export function checkProxies(parts: ProxyParts): DoctorCheck {
  return {
    name: 'proxy',
    timeoutSeconds: 60,
    subject: () => ({ input: 'the proxies of proxy.egress and of accounts' }),
    run: async (signal) => {
      const own = await parts.ownProxies().catch(() => undefined)
      const proxies = [...parts.proxies(), ...(own ?? [])]
      if (proxies.length === 0)
        return skipped(own ? 'No proxy is used: requests leave directly.' : ACCOUNTS_UNREADABLE)
      const tried = proxies.slice(0, MAX_PROXIES)
      const found = await mapLimit(tried, AT_ONCE, (proxy) => checkProxy(parts, proxy, signal))
      const omitted = proxies.length - tried.length
      return omitted > 0 ? [...found, skipped(`${omitted} more proxies were not tried.`)] : found
    },
  }
}

async function checkProxy(
  { testWayOut, lastFailure }: ProxyParts,
  proxy: NamedProxy,
  signal: AbortSignal,
): Promise<Finding> {
  const { address, name, setting } = proxy
  if (address === '')
    return {
      status: 'fail',
      message: 'The way out is to be a proxy, but none is named.',
      input: name,
      nextStep: 'Name one, or let requests leave directly.',
      setting: 'proxy.egress.mode',
    }
  const node = readNode(proxy)
  if ('status' in node) return node
  const input = `${name} ${node.name}`
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

function readNode({ address, name, setting }: NamedProxy) {
  try {
    return parseProxyNode(address, name)
  } catch (thrown) {
    const message = `The address of a proxy cannot be used: ${describeError(toGatewayError(thrown).cause)}.`
    const nextStep = 'Correct it; http, https, socks4, socks4a, socks5 and socks5h are known.'
    return { status: 'fail', message, input: name, nextStep, setting, reason: 'proxy' } as const
  }
}

/** A proxy that carried an answer works, whatever the answer was. */
function judge(thrown: unknown, place: Pick<Finding, 'input' | 'setting'>): Finding {
  const { reason } = toGatewayError(thrown)
  const hasAnswered = reason === 'challenge' || reason === 'anti-bot'
  return explainFailure(thrown, { ...place, ...(hasAnswered && { status: 'warn' }) })
}
