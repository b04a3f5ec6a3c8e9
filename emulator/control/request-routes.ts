import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { RecordedRequest } from '../state/request-log.ts'
import { requestFilterSchema, type RequestFilter } from './control-schema.ts'

/** The record of product requests and the live counters. */
export function requestRoutes(state: EmulatorState): Hono {
  return new Hono()
    .get('/requests', (c) => {
      const filter = requestFilterSchema.parse(c.req.query())
      const requests = state.requests.list((request) => fits(request, filter))
      return c.json({ requests: filter.limit === undefined ? requests : requests.slice(-filter.limit) })
    })
    .delete('/requests', (c) => {
      state.requests.clear()
      state.counters.reset()
      return c.body(null, 204)
    })
    .get('/counters', (c) => c.json(state.counters.view()))
}

function fits(request: RecordedRequest, filter: RequestFilter): boolean {
  const outcome = request.outcome ?? 'open'
  return (
    fitsPath(request.path, filter.path) &&
    (filter.method === undefined || filter.method === request.method) &&
    (filter.token === undefined || filter.token === request.token) &&
    (filter.status === undefined || filter.status === request.status) &&
    (filter.outcome === undefined || filter.outcome === outcome) &&
    (filter.afterId === undefined || request.id > filter.afterId)
  )
}

function fitsPath(path: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}
