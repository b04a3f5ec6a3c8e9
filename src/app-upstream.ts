import { clearanceForAdmin, createClearance, passesOf, type ClearanceParts } from './app-clearance.ts'
import { createEgress, proxyForAccount, waysOutForAdmin, type Egress } from './app-egress.ts'
import { actionSettings, upkeepSettings, upstreamSettings } from './app-settings.ts'
import { hashCredential } from './accounts/credential.ts'
import type { AccountDirectory } from './accounts/directory.ts'
import { Upkeep } from './accounts/upkeep.ts'
import type { SettingsService } from './config/settings.ts'
import type { Clearance } from './egress/clearance.ts'
import { createAccountActions } from './upstream/account-actions.ts'
import { createAsk } from './upstream/ask.ts'
import { clearSockets, clearTransport } from './upstream/cleared-ways.ts'
import { createUpstreamClient, type UpstreamClient } from './upstream/client.ts'
import type { DriftBook } from './upstream/drift.ts'
import { watchClient, watchSockets, watchTransport } from './upstream/watched-ways.ts'
import type { Clock } from './util/clock.ts'
import { createLog } from './util/log.ts'
import type { SecretBox } from './util/secret-box.ts'

/** The ways to the upstream, with what its edge wants to see on each. */
export interface Reach extends Egress {
  readonly clearance: Clearance
}

/** Puts the ways out and their clearances together. */
export function createReach(options: ClearanceParts): Reach {
  const egress = createEgress(options)
  const clearance = createClearance(options)
  return {
    ...egress,
    clearance,
    close: () => {
      clearance.close()
      egress.close()
    },
  }
}

export interface ReachForAdminParts extends Pick<Reach, 'ways' | 'clearance'> {
  readonly settings: SettingsService
  readonly upstream: UpstreamClient
}

/** The ways out and the clearances, as the admin console shows and tests them. */
export function reachForAdmin({ ways, clearance, settings, upstream }: ReachForAdminParts) {
  return {
    waysOut: waysOutForAdmin(ways, upstream),
    clearance: clearanceForAdmin({ clearance, settings, ways }),
  }
}

export interface UpstreamParts {
  readonly settings: SettingsService
  readonly box: SecretBox
  readonly clock: Clock
  readonly drift: DriftBook
}

/** The upstream as requests, the upkeep of accounts and the operators' actions reach it. */
export function createUpstream(
  { settings, box, clock, drift }: UpstreamParts,
  directory: AccountDirectory,
  { ways, transport, openSocket, clearance }: Reach,
) {
  const passes = passesOf(clearance)
  const client = createUpstreamClient({
    transport: clearTransport(watchTransport(transport, ways), passes),
    openSocket: clearSockets(watchSockets(openSocket, ways), passes),
    settings: () => upstreamSettings(settings.current),
    noteDrift: drift.note,
    userIds: {
      find: (accountId) => directory.find(accountId)?.upstreamUserId ?? null,
      keep: ({ accountId, credential }, { userId, email }) =>
        directory.change(accountId, (account) =>
          account.credentialHash === hashCredential(credential)
            ? { ...account, upstreamUserId: userId, email: email ?? account.email }
            : account,
        ),
    },
    clock,
    random: Math.random,
  })
  const upstream = watchClient(client, {
    observer: ways,
    proxyForDownload: (proxyUrl, account) => ways.forDownload(proxyUrl, account),
  })
  const asking = {
    call: upstream.call,
    openSecret: (sealed: string, hash: string) => box.open(sealed, hash),
    proxyFor: proxyForAccount(ways),
  }
  const upkeep = new Upkeep({
    directory,
    ask: createAsk(asking),
    settings: () => upkeepSettings(settings.current),
    clock,
    log: createLog('upkeep'),
  })
  const actions = createAccountActions({ ...asking, actionSettings: () => actionSettings(settings.current) })
  return { upstream, upkeep, actions }
}
