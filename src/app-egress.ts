import { egressSettings } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import { ProxyBridge } from './egress/proxy-bridge.ts'
import { WaysOut } from './egress/ways-out.ts'
import type { UpstreamClient } from './upstream/client.ts'
import { openRuntimeSocket, type OpenSocket } from './upstream/socket.ts'
import { createBrowserSockets } from './upstream/browser-socket.ts'
import { BrowserTransport } from './upstream/browser-transport.ts'
import { FetchTransport, type Transport } from './upstream/transport.ts'
import type { Clock } from './util/clock.ts'

/** The ways to the upstream, and what carries requests over them. */
export interface Egress {
  readonly ways: WaysOut
  readonly transport: Transport
  readonly openSocket: OpenSocket
  readonly close: () => void
}

/** Puts the ways out together. */
export function createEgress({ settings, clock }: { settings: SettingsService; clock: Clock }): Egress {
  const bridge = new ProxyBridge(() => settings.current.proxy.egress.skip_ssl_verify)
  const proxyAddress = (proxyUrl: string): Promise<string> => bridge.addressFor(proxyUrl)
  const resetStatuses = (): readonly number[] => settings.current.retry.reset_session_status_codes
  const plain = new FetchTransport({ proxyAddress, resetStatuses })
  const usualProfile = (): string => settings.current.proxy.clearance.browser
  const browser = new BrowserTransport({ proxyAddress, resetStatuses, usualProfile })
  const openBrowserSocket = createBrowserSockets({ transport: browser, usualProfile })
  // the edge takes a clearance only from the browser that it was given to
  const needsBrowser = (): boolean => settings.current.proxy.clearance.mode !== 'none'
  return {
    ways: new WaysOut(() => egressSettings(settings.current), clock),
    transport: { send: (request) => (needsBrowser() ? browser : plain).send(request) },
    openSocket: async ({ proxyUrl, ...request }) =>
      (needsBrowser() ? openBrowserSocket : openRuntimeSocket)({
        ...request,
        ...(proxyUrl !== undefined && { proxyUrl: await proxyAddress(proxyUrl) }),
      }),
    close: () => {
      plain.close()
      browser.close()
      bridge.close()
    },
  }
}

/** The proxy for a call that is made for an account by itself, given the account's own; undefined: none. */
export function proxyForAccount(ways: Pick<WaysOut, 'choose'>) {
  return (accountId: number, ownProxyUrl: string | null): string | undefined =>
    ways.choose({ accountKey: String(accountId), ownProxyUrl })?.proxyUrl
}

/** The ways out as the admin console shows and tests them; a way that answers is well again. */
export function waysOutForAdmin(ways: WaysOut, upstream: UpstreamClient) {
  return {
    nodes: () => ways.nodes(),
    all: () => ways.all(),
    test: async (proxyUrl: string | undefined, signal: AbortSignal): Promise<void> => {
      await upstream.probeEdge({ proxyUrl, signal })
    },
  }
}
