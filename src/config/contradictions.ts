import type { Settings } from './schema.ts'

interface Contradiction {
  readonly key: string
  readonly message: string
}

/** What the public password of earlier releases was; anybody may try it. */
const KNOWN_DEFAULT_APP_KEY = 'grok2api'

/** Values that are fine one by one and dangerous or useless together. */
export function findContradictions(settings: Settings): Contradiction[] {
  return [...findOpenDoors(settings), ...findEgressGaps(settings)]
}

function findOpenDoors({ app }: Settings): Contradiction[] {
  const found: Contradiction[] = []
  if (app.api_key.length === 0) {
    found.push({
      key: 'app.api_key',
      message: 'is EMPTY: everybody who reaches this server can use /v1 with your accounts',
    })
  }
  if (app.app_key === '') {
    found.push({ key: 'app.app_key', message: 'is empty: the admin console and its API are closed' })
  }
  if (app.app_key === KNOWN_DEFAULT_APP_KEY) {
    found.push({ key: 'app.app_key', message: 'is the public default of earlier releases; change it' })
  }
  if (app.webui_enabled && app.webui_key === '') {
    found.push({
      key: 'app.webui_key',
      message: 'is empty: everybody who reaches this server can use the pages under /webui',
    })
  }
  return found
}

function findEgressGaps({ proxy: { egress, clearance } }: Settings): Contradiction[] {
  const found: Contradiction[] = []
  const needs = (mode: string, key: string): void => {
    found.push({ key, message: `is empty, but the mode is ${mode}` })
  }
  if (egress.mode === 'single_proxy' && egress.proxy_url === '') needs(egress.mode, 'proxy.egress.proxy_url')
  if (egress.mode === 'proxy_pool' && egress.proxy_pool.length === 0) {
    needs(egress.mode, 'proxy.egress.proxy_pool')
  }
  if (clearance.mode === 'manual' && clearance.cf_cookies === '') {
    needs(clearance.mode, 'proxy.clearance.cf_cookies')
  }
  if (clearance.mode === 'flaresolverr' && clearance.flaresolverr_url === '') {
    needs(clearance.mode, 'proxy.clearance.flaresolverr_url')
  }
  return found
}
