import { readJson } from './json.ts'

/** A page of the admin console, as far as the server sees it: a cookie, an origin, a CSRF token. */
export interface AdminPage {
  get(path: string): Promise<Response>
  post(path: string, body?: unknown): Promise<Response>
  /** The cookie as the browser keeps it. */
  readonly cookie: string
}

/** Where a page is, and what it has kept of an earlier login. */
interface PageState {
  readonly url: string
  readonly cookie: string
  readonly csrfToken: string
}

/** Logs in at a gateway's admin API; throws if that is refused. */
export async function logIn(url: string, password: string): Promise<AdminPage> {
  const response = await postLogin(url, password)
  if (response.status !== 200) throw new Error(`the login answered ${response.status}`)
  const { csrf_token: csrfToken } = await readJson<{ csrf_token: string }>(response)
  const [cookie = ''] = response.headers.get('set-cookie')?.split(';') ?? []
  return openPage({ url, cookie, csrfToken })
}

/** Tries a password. */
export function postLogin(url: string, password: string): Promise<Response> {
  return fetch(`${url}/admin/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ password }),
  })
}

/** A page that comes back with the cookie it kept, as after a restart of the server. */
export async function reopenPage(url: string, { cookie }: AdminPage): Promise<AdminPage> {
  const response = await fetch(`${url}/admin/api/session`, { headers: { cookie } })
  const { csrf_token: csrfToken } = await readJson<{ csrf_token: string }>(response)
  return openPage({ url, cookie, csrfToken })
}

/** Asks with the admin password, as a script does. */
export function askAdmin(
  url: string,
  password: string,
  { path, body, method = 'POST' }: { path: string; body?: unknown; method?: 'POST' | 'PUT' },
): Promise<Response> {
  const headers = { authorization: `Bearer ${password}`, 'content-type': 'application/json' }
  const init = body === undefined ? {} : { method, body: JSON.stringify(body) }
  return fetch(`${url}/admin/api${path}`, { headers, ...init })
}

function openPage({ url, cookie, csrfToken }: PageState): AdminPage {
  return {
    cookie,
    get: (path) => fetch(`${url}/admin/api${path}`, { headers: { cookie } }),
    post: (path, body = {}) =>
      fetch(`${url}/admin/api${path}`, {
        method: 'POST',
        headers: { cookie, origin: url, 'x-csrf-token': csrfToken, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}
