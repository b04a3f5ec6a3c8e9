import { Hono } from 'hono'
import { z } from 'zod'
import type { NewAuditEntry } from '../../core/audit.ts'
import { SettingsConflictError, type SettingsPersistence } from '../../core/settings-document.ts'
import { SettingsService } from '../../config/settings.ts'
import type { AuditStore, SettingsRevision } from '../../store/contract.ts'
import { createMemorySettingsHistory } from '../../store/memory/settings.ts'
import type { Log } from '../../util/log.ts'
import type { ApiEnv } from '../context.ts'
import { fakeAccountParts } from './account-parts-for-tests.ts'
import { openApiRoute } from './openapi-route.ts'
import type { AdminRoute } from './route.ts'
import { adminRoutes, listRoutes, prepareParts, serveRoutes, type AdminParts } from './routes.ts'

/** Secrets that must appear in no answer and no log line. */
export const planted = {
  appKey: 'planted-admin-password-0001',
  apiKeys: ['sk-planted-api-key-one-1111', 'sk-planted-api-key-two-2222'],
  webuiKey: 'planted-webui-key-3333',
  proxyUrl: 'http://user:planted-proxy-pass@proxy.test:8080',
  cookies: 'cf_clearance=planted-clearance-4444',
} as const

const loginAnswer = z.object({ csrf_token: z.string() })

/** The names of the planted secrets that a text holds. */
export function findSecrets(text: string): string[] {
  return Object.values(planted)
    .flat()
    .filter((secret) => text.includes(secret))
}

/** What is stored unless a test says otherwise. */
export const STORED = {
  app: { app_key: planted.appKey, api_key: planted.apiKeys, webui_key: planted.webuiKey },
  proxy: { egress: { proxy_url: planted.proxyUrl }, clearance: { cf_cookies: planted.cookies } },
}

/** Where the admin API under test is asked. */
export const ORIGIN = 'http://gateway.test'

export interface TestAdminOptions {
  readonly stored?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly parts?: Partial<AdminParts>
  /** Routes beside those of the API. */
  readonly more?: readonly AdminRoute[]
  /** Where everything that is heard is gathered; a list of its own unless given. */
  readonly heard?: string[]
  /** Taken over from another process, as the store and the key would be. */
  readonly from?: Pick<TestAdmin, 'settings' | 'time'>
}

/** An admin API on fakes, whose clock stands still until it is moved. */
export interface TestAdmin {
  readonly app: Hono<ApiEnv>
  /** What is served, as the routes state it. */
  readonly routes: readonly AdminRoute[]
  readonly settings: SettingsService
  readonly time: { now: number }
  readonly audit: MemoryAudit
  readonly history: readonly SettingsRevision[]
  /** Every answer's body and every log line so far. */
  readonly heard: string[]
  request(path: string, init?: TestRequest): Promise<Response>
  /** Asks with the admin password. */
  ask(method: string, path: string, body?: unknown): Promise<Response>
  /** Logs in as a page would; the headers of its next change. */
  login(): Promise<Record<string, string>>
}

export interface TestRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly address?: string
}

/** Starts an admin API on fakes. */
export async function startAdmin(options: TestAdminOptions = {}): Promise<TestAdmin> {
  const time = options.from?.time ?? { now: 1_790_000_000_000 }
  const settings = options.from?.settings ?? (await openSettings(options))
  const { heard = [], more = [] } = options
  const audit = new MemoryAudit()
  const history: SettingsRevision[] = []
  const parts: AdminParts = {
    ...(await fakeAccountParts(() => time.now)),
    settings,
    settingsHistory: createMemorySettingsHistory(history),
    audit,
    pingStore: async () => audit.checkUp(),
    sessionKey: Buffer.alloc(32, 7),
    clock: () => time.now,
    log: listeningLog(heard),
    accounts: () => [],
    inFlight: () => 0,
    revision: () => 1,
    syncAccounts: async () => false,
    storageType: 'local',
    worker: 1,
    startedAt: time.now,
    waysOut: { nodes: () => [], all: () => [], test: async () => {} },
    clearance: {
      reports: () => [],
      test: async () => ({ wayOut: 'direct', userAgent: 'Agent/1', cookieNames: [] }),
      solverUrl: () => '',
    },
    drift: () => [],
    doctor: async function* () {},
    ...options.parts,
  }
  const described = [...listRoutes(prepareParts(parts)), ...more]
  const app = mount(parts, more)
  const request = sender(app, heard)
  return {
    app,
    routes: [...described, openApiRoute(described)],
    settings,
    time,
    audit,
    history,
    heard,
    request,
    ask: (method, path, body) =>
      request(path, { method, body, headers: { authorization: `Bearer ${settings.current.app.app_key}` } }),
    login: async () => {
      const password = settings.current.app.app_key
      const response = await request('/login', { method: 'POST', body: { password } })
      if (response.status !== 200) throw new Error(`the login answered ${response.status}`)
      const { csrf_token: token } = loginAnswer.parse(await response.json())
      const [cookie = ''] = response.headers.get('set-cookie')?.split(';') ?? []
      return { cookie, origin: ORIGIN, 'x-csrf-token': token }
    },
  }
}

function sender(app: Hono<ApiEnv>, heard: string[]): TestAdmin['request'] {
  return async (path, { method = 'GET', headers = {}, body, address = '192.0.2.1' } = {}) => {
    const init: RequestInit = { method, headers: { 'content-type': 'application/json', ...headers } }
    if (body !== undefined) init.body = JSON.stringify(body)
    const response = await app.request(`${ORIGIN}/admin/api${path}`, init, { address })
    heard.push(await response.clone().text(), JSON.stringify([...response.headers]))
    return response
  }
}

function mount(parts: AdminParts, more: readonly AdminRoute[]): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  let requests = 0
  app.use(async (c, next) => {
    c.set('requestId', `req_${++requests}`)
    await next()
  })
  const admin =
    more.length === 0
      ? adminRoutes(parts)
      : serveRoutes(prepareParts(parts), (all) => [...listRoutes(all), ...more])
  return app.route('/admin/api', admin)
}

function openSettings({ stored = STORED, environment = {} }: TestAdminOptions): Promise<SettingsService> {
  let document = { values: stored, version: 1 }
  const persistence: SettingsPersistence = {
    load: async () => ({ values: document.values, version: String(document.version) }),
    save: async (values, expectedVersion) => {
      if (expectedVersion !== String(document.version)) throw new SettingsConflictError('changed')
      document = { values, version: document.version + 1 }
      return String(document.version)
    },
  }
  return SettingsService.open({ persistence, environment })
}

/** An audit store in memory that can be told to fail. */
export class MemoryAudit implements AuditStore {
  readonly entries: (NewAuditEntry & { readonly id: number })[] = []
  failing = false

  checkUp(): void {
    if (this.failing) throw new Error('the store is down')
  }

  async append(entry: NewAuditEntry) {
    this.checkUp()
    const added = { ...entry, id: this.entries.length + 1 }
    this.entries.push(added)
    return added
  }

  async list({ limit, beforeId = Number.POSITIVE_INFINITY, action }: Parameters<AuditStore['list']>[0]) {
    const fits = (name: string): boolean =>
      action === undefined || (action.endsWith('*') ? name.startsWith(action.slice(0, -1)) : name === action)
    return this.entries
      .filter((entry) => entry.id < beforeId && fits(entry.action))
      .toReversed()
      .slice(0, limit)
  }

  async prune(): Promise<number> {
    return 0
  }
}

function listeningLog(heard: string[]): Log {
  const hear = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    heard.push(message + JSON.stringify(fields))
  }
  return { debug: hear, info: hear, warn: hear, error: hear }
}
