import type { Job, JobItemResult } from '../../core/job.ts'
import type { JobFilter, JobStore } from '../contract.ts'
import type { RedisConnection } from './connection.ts'
import { parseItem, parseJob, resultSigns } from './job-rows.ts'
import * as scripts from './job-scripts.ts'
import { parseGroups, parseNumber } from './replies.ts'
import { removeInParts } from './remove-in-parts.ts'

/** Jobs that are looked at in one go when they are listed. */
const JOBS_PER_READ = 100

/** Durable jobs on Redis. */
export function createRedisJobStore(redis: RedisConnection): JobStore {
  return {
    create: async ({ id, kind, owner, input, subjects }, now) => {
      const texts = [input, ...subjects].map((value) => JSON.stringify(value))
      const job = parseJob(await redis.run(scripts.createJob, [now, id, kind, owner, ...texts]))
      if (!job) throw new Error(`there is a job ${id} already`)
      return job
    },
    find: (id) => find(redis, id),
    list: (filter) => list(redis, filter),
    claim: async (kinds, { holder, until }, now) =>
      kinds.length === 0
        ? undefined
        : parseJob(await redis.run(scripts.claimJob, [holder, until, now, ...kinds])),
    beat: async (id, { holder, until }, now) =>
      parseJob(await redis.run(scripts.beatJob, [id, holder, until, now])),
    items: async (id, { fromIndex, limit, status }) => {
      const wanted = status === undefined ? '' : resultSigns[status]
      const reply = await redis.run(scripts.listJobItems, [id, Math.max(0, fromIndex), limit, wanted])
      return parseGroups(reply, 3).map(parseItem)
    },
    record: async (id, holder, results, now) => {
      const args = results.flatMap((result) => [result.index, encodeResult(result)])
      return parseNumber(await redis.run(scripts.recordResults, [id, holder, now, ...args])) > 0
    },
    end: async (id, holder, { status, output }, now) => {
      const args = [id, holder, now, status, JSON.stringify(output)]
      return parseNumber(await redis.run(scripts.endJob, args)) > 0
    },
    cancel: async (id, now) => parseJob(await redis.run(scripts.cancelJob, [id, now])),
    prune: async (which) =>
      'id' in which
        ? parseNumber(await redis.run(scripts.removeJob, [which.id]))
        : removeInParts(redis, scripts.pruneJobs, which.endedBefore),
  }
}

function encodeResult({ succeeded, detail }: JobItemResult): string {
  return `${resultSigns[succeeded ? 'succeeded' : 'failed']}${JSON.stringify(detail)}`
}

async function find(redis: RedisConnection, id: string): Promise<Job | undefined> {
  return parseJob(await redis.send(['HGETALL', `${redis.prefix}job:${id}`]))
}

/** Reads from the newest on until there are enough; each part ends where the next one starts. */
async function list(redis: RedisConnection, filter: JobFilter): Promise<readonly Job[]> {
  const jobs = `${redis.prefix}jobs`
  let before = '+inf'
  if (filter.beforeId !== undefined) {
    const number = await redis.send(['ZSCORE', jobs, filter.beforeId])
    if (number === null) return []
    before = `(${parseNumber(number)}`
  }
  const found: Job[] = []
  while (found.length < filter.limit) {
    const page = ['LIMIT', '0', String(JOBS_PER_READ)]
    const command = ['ZREVRANGEBYSCORE', jobs, before, '-inf', 'WITHSCORES', ...page]
    const numbers = parseGroups(await redis.send(command), 2)
    const last = numbers.at(-1)
    if (!last) break
    before = `(${last[1]}`
    const read = await Promise.all(numbers.map(([id = '']) => find(redis, id)))
    found.push(...read.flatMap((job) => (job && isWanted(job, filter) ? [job] : [])))
  }
  return found.slice(0, filter.limit)
}

function isWanted(job: Job, { kinds, statuses, owner }: JobFilter): boolean {
  return (
    (kinds?.includes(job.kind) ?? true) &&
    (statuses?.includes(job.status) ?? true) &&
    (owner === undefined || owner === job.owner)
  )
}
