import { z } from 'zod'
import type { Job, JobItem } from '../../core/job.ts'
import type { JobStore } from '../../store/contract.ts'
import { newId } from '../../util/ids.ts'
import { sseResponse } from '../sse-response.ts'
import { nameActor } from './actor.ts'
import { AdminError } from './admin-error.ts'
import { adminRoute, done, doneSchema, type AdminCall, type AdminRoute } from './route.ts'
import { followTask } from './task-stream.ts'
import { taskItemView, taskView, viewTask, viewTaskItem } from './task-view.ts'

/** What tasks need. */
export interface TaskRouteParts {
  readonly jobs: JobStore
  readonly clock: () => number
  /** Tells the runner of this process that there is work. */
  readonly wakeRunner: () => void
}

const params = z.object({ id: z.string() })
const DEFAULT_PAGE = 50
const MAX_PAGE = 1000

/** Persistent tasks: list, look, follow, cancel, retry what failed. */
export function taskRoutes(parts: TaskRouteParts): readonly AdminRoute[] {
  return [...readingRoutes(parts), streamRoute(parts), ...cancelRoutes(parts), retryRoute(parts)]
}

function readingRoutes({ jobs }: TaskRouteParts): readonly AdminRoute[] {
  const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE)
  return [
    adminRoute({
      method: 'get',
      path: '/tasks',
      policy: 'admin',
      audit: 'none',
      summary: 'Tasks, newest first.',
      input: z.object({
        query: z.object({ limit, before: z.string().optional(), kind: z.string().optional() }),
      }),
      answer: z.object({ tasks: z.array(taskView) }),
      handler: async ({ query: { limit, before, kind } }) => {
        const filter = {
          limit,
          ...(before !== undefined && { beforeId: before }),
          ...(kind !== undefined && { kinds: [kind] }),
        }
        return { tasks: (await jobs.list(filter)).map(viewTask) }
      },
    }),
    adminRoute({
      method: 'get',
      path: '/tasks/:id',
      policy: 'admin',
      audit: 'none',
      summary: 'One task.',
      input: z.object({ params }),
      answer: taskView,
      handler: async ({ params: { id } }) => viewTask(await findTask(jobs, id)),
    }),
    adminRoute({
      method: 'get',
      path: '/tasks/:id/items',
      policy: 'admin',
      audit: 'none',
      summary: 'What came of each item of a task.',
      input: z.object({
        params,
        query: z.object({
          limit,
          from: z.coerce.number().int().min(0).default(0),
          status: z.enum(['pending', 'succeeded', 'failed']).optional(),
        }),
      }),
      answer: z.object({ items: z.array(taskItemView), next: z.number().nullable() }),
      handler: async ({ params: { id }, query: { limit, from, status } }) => {
        await findTask(jobs, id)
        const items = await jobs.items(id, { fromIndex: from, limit, ...(status && { status }) })
        const last = items.at(-1)
        return {
          items: items.map(viewTaskItem),
          next: last && items.length === limit ? last.index + 1 : null,
        }
      },
    }),
  ]
}

function streamRoute({ jobs }: TaskRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/batch/:id/stream',
    policy: 'admin-stream',
    audit: 'none',
    summary: 'The progress of a task as an event stream; any worker can give it.',
    input: z.object({ params }),
    answer: z.string(),
    contentType: 'text/event-stream',
    handler: async ({ params: { id } }, { c, signal }) => {
      await findTask(jobs, id)
      c.env?.allowSilence?.()
      const leaving = new AbortController()
      const frames = followTask(jobs, id, AbortSignal.any([signal, leaving.signal]))
      return sseResponse(frames, { onCancel: () => leaving.abort() })
    },
  })
}

/** The same under the path of version 2 and under `/tasks`. */
function cancelRoutes({ jobs, clock }: TaskRouteParts): readonly AdminRoute[] {
  const paths = [
    ['/batch/:id/cancel', 'tasks.cancel-batch'],
    ['/tasks/:id/cancel', 'tasks.cancel'],
  ] as const
  return paths.map(([path, audit]) =>
    adminRoute({
      method: 'post',
      path,
      policy: 'admin',
      audit,
      summary: 'Ends a task: what waits is left out, what runs is finished.',
      input: z.object({ params }),
      answer: doneSchema,
      handler: async ({ params: { id } }, call) => {
        call.note({ task: id })
        if (!(await jobs.cancel(id, clock()))) throw notFound()
        return done
      },
    }),
  )
}

function retryRoute(parts: TaskRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/tasks/:id/retry',
    policy: 'admin',
    audit: 'tasks.retry',
    summary: 'Starts a task of the items that failed in this one.',
    input: z.object({ params }),
    answer: doneSchema.extend({ task_id: z.string(), total: z.number() }),
    handler: async ({ params: { id } }, call) => {
      const { kind, input, counts } = await findTask(parts.jobs, id)
      const failed = await readFailed(parts.jobs, id, counts.total)
      const task = await createTask(parts, call, {
        kind,
        input,
        subjects: failed.map(({ subject }) => subject),
      })
      return { ...done, task_id: task.id, total: task.counts.total }
    },
  })
}

async function readFailed(jobs: JobStore, id: string, total: number): Promise<readonly JobItem[]> {
  return total === 0 ? [] : jobs.items(id, { fromIndex: 0, limit: total, status: 'failed' })
}

/** Creates a task in the name of who asks, and has it taken on. */
export async function createTask(
  { jobs, clock, wakeRunner }: TaskRouteParts,
  call: AdminCall,
  job: Pick<Job, 'kind' | 'input'> & { readonly subjects: readonly Job['input'][] },
): Promise<Job> {
  const task = await jobs.create({ ...job, id: newId('task_'), owner: nameActor(call.actor) }, clock())
  call.note({ task: task.id, kind: job.kind, total: job.subjects.length })
  wakeRunner()
  return task
}

async function findTask(jobs: JobStore, id: string): Promise<Job> {
  const job = await jobs.find(id)
  if (!job) throw notFound()
  return job
}

function notFound(): AdminError {
  return new AdminError('task_not_found', 'There is no such task.')
}
