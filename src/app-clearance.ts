import { clearanceSettings } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import { GatewayError } from './core/error.ts'
import { Clearance, type ClearanceReport } from './egress/clearance.ts'
import { cookieNamesOf, type ClearanceTarget } from './egress/clearance-bundle.ts'
import { ClearanceVault } from './egress/clearance-vault.ts'
import { askFlareSolverr } from './egress/flaresolverr.ts'
import { parseProxyNode } from './egress/proxy-node.ts'
import type { WaysOut } from './egress/ways-out.ts'
import type { Stores } from './store/contract.ts'
import type { EdgePasses } from './upstream/cleared-ways.ts'
import type { Background } from './util/background.ts'
import type { Clock } from './util/clock.ts'
import { createLog } from './util/log.ts'
import type { SecretBox } from './util/secret-box.ts'

export interface ClearanceParts {
  readonly settings: SettingsService
  readonly stores: Pick<Stores, 'responses' | 'leases'>
  readonly box: SecretBox
  readonly clock: Clock
  /** Names this process among all. */
  readonly holder: string
}

/** Pause between two looks for clearances that are due. */
const LOOK_PAUSE_SECONDS = 2

/** Puts the clearances together. */
export function createClearance({ settings, stores, box, clock, holder }: ClearanceParts): Clearance {
  const log = createLog('clearance')
  const { responses: documents, leases } = stores
  return new Clearance({
    settings: () => clearanceSettings(settings.current),
    vault: new ClearanceVault({ documents, leases, box, holder, clock, log }),
    solve: askFlareSolverr,
    clock,
    log,
  })
}

/** The clearances as requests take them. */
export function passesOf(clearance: Clearance): EdgePasses {
  return {
    isOn: () => clearance.isOn,
    acquire: (target, signal) => clearance.acquire(target, signal),
    renew: (target, refused, signal) => clearance.renew(target, refused?.id, signal),
    confirm: (target, { id }) => clearance.confirm(target, id),
  }
}

export interface ClearanceLoopParts {
  readonly clearance: Clearance
  readonly settings: SettingsService
  readonly ways: WaysOut
  readonly leadership: { readonly isLeader: boolean }
  readonly background: Background
}

/** Has clearances there before they are asked for: the leader renews them, the others take them over. */
export function keepClearances({
  clearance,
  settings,
  ways,
  leadership,
  background,
}: ClearanceLoopParts): void {
  background.every(
    'keep clearances',
    () => LOOK_PAUSE_SECONDS,
    async (signal) => {
      if (!clearance.isOn) return
      await clearance.followOthers()
      if (leadership.isLeader) await clearance.renewDue(readableTargets(settings, ways), signal)
    },
  )
}

/** The clearances as the admin console shows and tests them. */
export function clearanceForAdmin({
  clearance,
  settings,
  ways,
}: Pick<ClearanceLoopParts, 'clearance' | 'settings' | 'ways'>) {
  return {
    reports: () => clearance.reports().map(viewOf),
    test: async (url: string | undefined, signal: AbortSignal) => {
      const current = clearanceSettings(settings.current)
      const [target] = listTargets(settings, ways)
      const { timeoutSeconds, mainOrigin: origin } = current
      const solverUrl = url ?? current.solverUrl
      const wish = { proxyUrl: target?.proxyUrl, origin, solverUrl, timeoutSeconds, signal }
      const { userAgent, cookies } = await askFlareSolverr(wish)
      return { wayOut: nameOf(wish), userAgent, cookieNames: cookieNamesOf({ cookies }) }
    },
    solverUrl: () => clearanceSettings(settings.current).solverUrl,
  }
}

/** A report without its values. */
function viewOf({ target, bundle, state, lastFailure }: ClearanceReport) {
  return {
    state,
    lastFailure,
    wayOut: nameOf(target),
    host: new URL(target.origin).host,
    cookieNames: bundle ? cookieNamesOf(bundle) : [],
    userAgent: bundle?.userAgent,
    solvedAt: bundle?.solvedAt,
    expiresAt: bundle?.expiresAt ?? undefined,
  }
}

function nameOf({ proxyUrl }: Pick<ClearanceTarget, 'proxyUrl'>): string {
  return proxyUrl === undefined ? 'direct' : parseProxyNode(proxyUrl, 'the proxy').name
}

/** None while the settings cannot be read: every request is told so already. */
function readableTargets(settings: SettingsService, ways: WaysOut): readonly ClearanceTarget[] {
  try {
    return listTargets(settings, ways)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return []
    throw thrown
  }
}

/** The main host over each configured way out; throws what is wrong with the settings. */
function listTargets(settings: SettingsService, ways: WaysOut): readonly ClearanceTarget[] {
  const { mainOrigin: origin } = clearanceSettings(settings.current)
  const nodes = ways.nodes().filter(({ use }) => use === 'requests')
  return nodes.length === 0 ? [{ origin }] : nodes.map(({ node }) => ({ proxyUrl: node.proxyUrl, origin }))
}
