import { z } from 'zod'
import { isRefreshable } from '../../accounts/refresh-plan.ts'
import type { Job } from '../../core/job.ts'
import { MAX_JOB_CONCURRENCY, type AccountJobKind } from '../../gateway/account-jobs.ts'
import {
  findTargets,
  MAX_ACCOUNTS_BODY_BYTES,
  targetsShape,
  type AccountRouteParts,
} from './account-parts.ts'
import { AdminError } from './admin-error.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'
import { createTask, type TaskRouteParts } from './task-routes.ts'
import { waitForTask } from './task-stream.ts'
import { taskItemView, viewTaskItem } from './task-view.ts'

/** What batches over accounts need. */
export interface BatchRouteParts extends TaskRouteParts, AccountRouteParts {}

/** All accounts only by saying so: naming none is a mistake, not a wish for all (spec/control-plane.md §5.2). */
const targets = z.object({ ...targetsShape, all: z.literal(true).optional() })

/** Items whose results stand in the answer of a call that waits for its end. */
const MAX_RESULTS = 1000

/** A switch in a query, as version 2 writes it. */
const flag = z.enum(['true', 'false', '1', '0']).transform((word) => word === 'true' || word === '1')

const summary = z.object({ total: z.number(), ok: z.number(), fail: z.number() })

const answer = doneSchema.extend({
  task_id: z.string(),
  total: z.number(),
  summary: summary.optional(),
  results: z.record(z.string(), taskItemView.shape.detail).optional(),
})

/** Work over many accounts (spec/control-plane.md §5.3): as a task with `async=true`, else the answer waits for its end. */
export function batchRoutes(parts: BatchRouteParts): readonly AdminRoute[] {
  return [
    batchRoute(parts, {
      path: '/batch/refresh',
      kind: 'accounts.refresh',
      summary: 'Asks the upstream for the quota of accounts.',
    }),
    batchRoute(parts, {
      path: '/batch/cache-clear',
      kind: 'assets.clear',
      summary: 'Deletes what the upstream keeps of accounts.',
    }),
    batchRoute(parts, {
      path: '/batch/nsfw',
      kind: 'accounts.nsfw',
      summary: "Switches the accounts' own setting for adult content; terms and birth date are not touched.",
    }),
  ]
}

interface Batch {
  readonly path: `/batch/${string}`
  readonly kind: AccountJobKind
  readonly summary: string
}

function batchRoute(parts: BatchRouteParts, { path, kind, summary: text }: Batch): AdminRoute {
  return adminRoute({
    method: 'post',
    path,
    policy: 'admin',
    audit: kind,
    summary: text,
    input: z.object({
      query: z.object({
        async: flag.default(false),
        enabled: flag.default(true),
        concurrency: z.coerce
          .number()
          .int()
          .min(1)
          .max(MAX_JOB_CONCURRENCY)
          .optional()
          .meta({ description: 'Accounts at once, instead of the setting.' }),
      }),
      body: targets,
    }),
    answer,
    maxBodyBytes: MAX_ACCOUNTS_BODY_BYTES,
    handler: async ({ query, body }, call) => {
      const ids = chooseIds(parts, body)
      const { concurrency, enabled } = query
      const what = kind === 'accounts.nsfw' ? { enabled } : {}
      const input = concurrency === undefined ? what : { ...what, concurrency }
      const task = await createTask(parts, call, { kind, input, subjects: ids })
      const started = { ...done, task_id: task.id, total: ids.length }
      if (query.async) return started
      call.c.env?.allowSilence?.()
      const ended = await waitForTask(parts.jobs, task.id, call.signal)
      return ended ? { ...started, ...(await readResults(parts, ended)) } : started
    },
  })
}

/** What `all` stands for: accounts that serve now, or will again by themselves. */
function chooseIds(
  parts: BatchRouteParts,
  { ids, tokens, all }: z.output<typeof targets>,
): readonly number[] {
  if (all)
    return Array.from(parts.directory.accounts())
      .filter(isRefreshable)
      .map(({ id }) => id)
  const { ids: found, named } = findTargets(parts, { ids, tokens })
  if (named > 0) return found
  throw new AdminError('invalid_request', 'Name accounts by "ids" or "tokens", or say "all": true.')
}

async function readResults({ jobs }: BatchRouteParts, { id, counts }: Job) {
  const items = await jobs.items(id, { fromIndex: 0, limit: MAX_RESULTS })
  const results = items
    .map(viewTaskItem)
    .map(({ account_id: account, detail }) => [JSON.stringify(account), detail] as const)
  return {
    summary: { total: counts.total, ok: counts.succeeded, fail: counts.failed },
    results: Object.fromEntries(results),
  }
}
