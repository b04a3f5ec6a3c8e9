import type { StreamTarget } from './load-client.ts'
import type { ServiceProcess, Side } from './service-process.ts'
import {
  makeTokens,
  openWorkspace,
  startBareRelay,
  startGateway,
  startUpstream,
  channelSettings,
  type StreamChannel,
} from './services.ts'
import { chatTarget, directTarget } from './targets.ts'

/** The ways a stream may take: from the emulator itself, through the bare relay, through the gateway. */
export const ways = ['direct', 'relay', 'gateway'] as const
export type Way = (typeof ways)[number]

/** The processes of a stream benchmark. */
export interface StreamBench extends AsyncDisposable {
  readonly upstream: ServiceProcess
  readonly relay: ServiceProcess
  readonly gateway: ServiceProcess
  /** A stream of so many tokens, each way. */
  targets(tokens: number): Readonly<Record<Way, StreamTarget>>
}

/** Enough that neither quotas nor the bound of requests per account are met. */
const ACCOUNTS = 512

/** Starts the emulator, the gateway and the bare relay; `side` is where the last two run. */
export async function openStreamBench(side: Side, channel: StreamChannel = 'runtime'): Promise<StreamBench> {
  const environment = channelSettings[channel]
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(openWorkspace())
  const tokens = makeTokens(ACCOUNTS)
  const [token = ''] = tokens
  const upstream = stack.use(await startUpstream(path, tokens))
  const upstreamUrl = upstream.url
  const gateway = stack.use(await startGateway(path, { upstreamUrl, tokens, side, environment }))
  const relay = stack.use(await startBareRelay(path, { upstreamUrl, token, side, channel }))
  const owned = stack.move()
  return {
    upstream,
    relay,
    gateway,
    targets: (count) => ({
      direct: directTarget(upstreamUrl, token, count),
      relay: chatTarget(relay.url, count),
      gateway: chatTarget(gateway.url, count),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
