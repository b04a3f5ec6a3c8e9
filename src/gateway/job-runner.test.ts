import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import type { Json } from '../core/job.ts'
import { createMemoryStores } from '../store/memory.ts'
import { createLog } from '../util/log.ts'
import { JobRunner, type JobHandler } from './job-runner.ts'

const NOW = 1_800_000_000_000

function open(run: JobHandler['run'], holder = 'a', stores = createMemoryStores()) {
  const { jobs } = stores
  const runner = new JobRunner({
    jobs,
    holder,
    handlers: { count: { concurrency: () => 2, run } },
    clock: () => NOW,
    log: createLog('test'),
  })
  return { runner, jobs, stores }
}

const subjects = (count: number): Json[] => Array.from({ length: count }, (_, index) => index)
const newJob = (count: number) => ({
  id: 'job-1',
  kind: 'count',
  owner: 'me',
  input: null,
  subjects: subjects(count),
})
const alive = new AbortController().signal

describe('a job', () => {
  test('does every item once and ends with its counts; what failed says why', async () => {
    const done: Json[] = []
    const { runner, jobs } = open(async (subject) => {
      if (subject === 3) throw new GatewayError('egress_rejected', 'The edge refused.')
      done.push(subject)
      return { doubled: Number(subject) * 2 }
    })
    await jobs.create(newJob(450), NOW)
    await runner.takeOn(alive)
    await runner.settle()
    expect(done).toHaveLength(449)
    expect(await jobs.find('job-1')).toMatchObject({
      status: 'completed',
      counts: { total: 450, succeeded: 449, failed: 1 },
    })
    expect(await jobs.items('job-1', { fromIndex: 3, limit: 2 })).toMatchObject([
      { status: 'failed', detail: { code: 'egress_rejected', message: 'The edge refused.' } },
      { status: 'succeeded', detail: { doubled: 8 } },
    ])
  })

  test('runs no more items at once than its kind may', async () => {
    let now = 0
    let most = 0
    const { runner, jobs } = open(async () => {
      most = Math.max(most, ++now)
      await Bun.sleep(0)
      now--
      return null
    })
    await jobs.create(newJob(20), NOW)
    await runner.takeOn(alive)
    await runner.settle()
    expect(most).toBe(2)
  })

  test('that a shutdown breaks off is carried on by another process, without its done items', async () => {
    const stopping = new AbortController()
    const seen: Json[] = []
    const first = open(async (subject) => {
      seen.push(subject)
      if (seen.length === 4) stopping.abort()
      return null
    })
    await first.jobs.create(newJob(10), NOW)
    await first.runner.takeOn(stopping.signal)
    await first.runner.settle()
    expect((await first.jobs.find('job-1'))?.status).toBe('running')
    const later = new JobRunner({
      jobs: first.jobs,
      holder: 'b',
      handlers: { count: { concurrency: () => 1, run: async (subject) => (seen.push(subject), null) } },
      clock: () => NOW + 60_000,
      log: createLog('test'),
    })
    await later.takeOn(alive)
    await later.settle()
    expect(await first.jobs.find('job-1')).toMatchObject({ status: 'completed', counts: { succeeded: 10 } })
    expect(new Set(seen).size).toBe(10)
    expect(seen.length).toBeLessThanOrEqual(11)
  })

  test('that another process has taken over is left to it', async () => {
    const stores = createMemoryStores()
    const { runner, jobs } = open(
      async () => {
        // meanwhile the lease has run out, and somebody else has it
        await jobs.claim(['count'], { holder: 'b', until: NOW + 1e9 }, NOW + 1e6)
        return null
      },
      'a',
      stores,
    )
    await jobs.create(newJob(5), NOW)
    await runner.takeOn(alive)
    await runner.settle()
    expect(await jobs.find('job-1')).toMatchObject({
      status: 'running',
      lease: { holder: 'b' },
      counts: { succeeded: 0 },
    })
  })
})
