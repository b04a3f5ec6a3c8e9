import type { Job } from '../../core/job.ts'
import type { JobStore } from '../../store/contract.ts'
import { sseData } from '../../util/sse.ts'
import { viewTask } from './task-view.ts'

/** Pause between two looks at a task: any worker can follow it, whoever runs it. */
const LOOK_MS = 300

const ended: ReadonlySet<Job['status']> = new Set(['completed', 'failed', 'cancelled'])

/** Whether a task has come to its end. */
export function isEnded({ status }: Job): boolean {
  return ended.has(status)
}

/**
 * The events of a task as version 2 names them (spec/control-plane.md §5.3): `snapshot` first, `progress` whenever
 * something has changed, and `done`, `cancelled` or `error` at the end. Ends with the signal.
 */
export async function* followTask(jobs: JobStore, id: string, signal: AbortSignal): AsyncGenerator<string> {
  let last: Job | undefined
  while (!signal.aborted) {
    const job = await jobs.find(id)
    if (!job) return
    if (!last) yield event('snapshot', job)
    else if (
      job.updatedAt !== last.updatedAt ||
      job.counts.succeeded + job.counts.failed !== processed(last)
    ) {
      yield event('progress', job)
    }
    if (isEnded(job)) {
      yield event(endName(job), job)
      return
    }
    last = job
    await Bun.sleep(LOOK_MS)
  }
}

/** Waits for a task's end; undefined if the signal comes first, or the task is gone. */
export async function waitForTask(jobs: JobStore, id: string, signal: AbortSignal): Promise<Job | undefined> {
  while (!signal.aborted) {
    const job = await jobs.find(id)
    if (!job || isEnded(job)) return job
    await Bun.sleep(LOOK_MS)
  }
  return undefined
}

function processed({ counts }: Job): number {
  return counts.succeeded + counts.failed
}

function endName({ status }: Job): string {
  if (status === 'completed') return 'done'
  return status === 'cancelled' ? 'cancelled' : 'error'
}

function event(type: string, job: Job): string {
  return sseData({ type, ...viewTask(job) })
}
