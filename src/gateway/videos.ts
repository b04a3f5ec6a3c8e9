import type { FilePart } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import type { Job, JobStatus } from '../core/job.ts'
import type { VideoSeconds, VideoWishes } from '../core/video-request.ts'
import type { JobStore } from '../store/contract.ts'
import { RETENTION_DAYS } from '../store/forget.ts'
import type { Clock } from '../util/clock.ts'
import { newId } from '../util/ids.ts'
import { asObject, asString } from '../util/json-fields.ts'
import type { Attachments } from './attachments.ts'
import { encodeReferences, parseVideoInput, VIDEO_JOB_KIND, type VideoInput } from './video-job.ts'
import { VideoRecord, videoSteps } from './video-steps.ts'

/** A video that is wanted. */
export interface VideoRequest extends VideoWishes {
  /** The name that the caller used for the model. */
  readonly model: string
  readonly prompt: string
  readonly references: readonly FilePart[]
  /** The id of an earlier video of the same owner that is gone on from. */
  readonly extendsId?: string
}

/** A video as its owner sees it. */
export interface Video {
  readonly id: string
  readonly status: 'queued' | 'in_progress' | 'completed' | 'failed'
  /** 0 to 100. */
  readonly percent: number
  readonly input: VideoInput
  readonly error: { readonly code: string; readonly message: string } | null
  /** The kept file, once it is completed. */
  readonly fileId: string | null
  /** Where the upstream has it, once it is completed. */
  readonly upstreamUrl: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly completedAt: number | null
  /** When it is forgotten; null while it is being made. */
  readonly expiresAt: number | null
}

export interface VideosParts {
  readonly jobs: JobStore
  readonly attachments: Pick<Attachments, 'load'>
  readonly clock: Clock
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Lets this process look for work at once. */
  readonly wake: () => void
}

export interface VideoPage {
  readonly limit: number
  readonly after?: string | undefined
  readonly order: 'asc' | 'desc'
}

/** Videos of one owner that wait or are made at once. */
const MAX_OPEN_PER_OWNER = 100
/** Videos that are looked through for a page in ascending order. */
const MAX_LISTED = 1_000
/** How often a video is looked at for somebody who watches it, and how long its end is waited for when it is deleted. */
const WATCH_PAUSE_MS = 500
const DELETE_WAIT_MS = 5_000
const DAY_MS = 86_400_000

const statuses: Readonly<Record<JobStatus, Video['status']>> = {
  queued: 'queued',
  running: 'in_progress',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
}

/** Videos as durable jobs: everybody sees their own. */
export class Videos {
  readonly #parts: VideosParts

  constructor(parts: VideosParts) {
    this.#parts = parts
  }

  /** Takes a video on; its pictures are read and checked before. */
  async create(request: VideoRequest, owner: string, signal: AbortSignal): Promise<Video> {
    const { jobs, attachments, clock, wake } = this.#parts
    const { references, extendsId, ...fields } = request
    const files = await attachments.load([{ role: 'user', content: references }], signal)
    const earlier = extendsId === undefined ? null : await this.#extension(extendsId, owner)
    const open = {
      kinds: [VIDEO_JOB_KIND],
      owner,
      statuses: ['queued', 'running'],
      limit: MAX_OPEN_PER_OWNER,
    } as const
    if ((await jobs.list(open)).length >= MAX_OPEN_PER_OWNER) {
      throw new GatewayError('no_account', `More than ${MAX_OPEN_PER_OWNER} videos of yours are being made.`)
    }
    const input: VideoInput = { ...fields, references: encodeReferences(files), extends: earlier }
    const subjects = videoSteps(request.seconds)
    const id = newId('video_')
    const job = await jobs.create({ id, kind: VIDEO_JOB_KIND, owner, input, subjects }, clock())
    wake()
    return this.#view(job)
  }

  /** A video of this owner; throws `not_found` for any other. */
  async find(id: string, owner: string): Promise<Video> {
    return this.#view(await this.#find(id, owner))
  }

  /** One page, and whether there are more. */
  async list(
    owner: string,
    { limit, after, order }: VideoPage,
  ): Promise<{ readonly videos: readonly Video[]; readonly hasMore: boolean }> {
    const { jobs } = this.#parts
    const filter = { kinds: [VIDEO_JOB_KIND], owner }
    const found =
      order === 'desc'
        ? await jobs.list({ ...filter, limit: limit + 1, ...(after !== undefined && { beforeId: after }) })
        : ascendingAfter(await jobs.list({ ...filter, limit: MAX_LISTED }), after)
    const videos = await Promise.all(found.slice(0, limit).map((job) => this.#view(job)))
    return { videos, hasMore: found.length > limit }
  }

  /** Ends a video that is being made. */
  async cancel(id: string, owner: string): Promise<Video> {
    const job = await this.#find(id, owner)
    return this.#view((await this.#parts.jobs.cancel(id, this.#parts.clock())) ?? job)
  }

  /** Forgets a video; one that is being made ends before. */
  async remove(id: string, owner: string, signal: AbortSignal): Promise<void> {
    const { jobs, clock, pause } = this.#parts
    await this.cancel(id, owner)
    const until = clock() + DELETE_WAIT_MS
    while ((await jobs.prune({ id })) === 0 && (await jobs.find(id)) && clock() < until) {
      await pause(WATCH_PAUSE_MS, signal)
    }
  }

  /** Ends a video that nobody waits for any more, and forgets it if it has ended. */
  async discard(id: string, owner: string): Promise<void> {
    await this.cancel(id, owner)
    await this.#parts.jobs.prune({ id })
  }

  /** The video whenever something about it has changed, until it has ended. */
  async *watch(id: string, owner: string, signal: AbortSignal): AsyncGenerator<Video> {
    let last = ''
    while (!signal.aborted) {
      const video = await this.find(id, owner)
      const state = `${video.status} ${video.percent}`
      if (state !== last) yield video
      last = state
      if (video.status === 'completed' || video.status === 'failed') return
      // who leaves ends the pause, and with it the watch
      await this.#parts.pause(WATCH_PAUSE_MS, signal).catch(() => undefined)
    }
  }

  async #find(id: string, owner: string): Promise<Job> {
    const job = await this.#parts.jobs.find(id)
    if (job?.owner === owner && job.kind === VIDEO_JOB_KIND) return job
    throw new GatewayError('not_found', `There is no video '${id}'.`, { param: 'video_id' })
  }

  async #extension(id: string, owner: string): Promise<VideoInput['extends']> {
    const job = await this.#find(id, owner)
    const output = asObject(job.output)
    const { seconds, extends: before } = parseVideoInput(job.input)
    const parentPostId = asString(output?.['parentPostId'])
    const postId = asString(output?.['postId'])
    const accountId = output?.['accountId']
    if (job.status !== 'completed' || !parentPostId || !postId || typeof accountId !== 'number') {
      throw new GatewayError('invalid_request', 'video: only a completed video can be extended.', {
        param: 'video',
      })
    }
    const elapsedSeconds = (before?.elapsedSeconds ?? 0) + seconds
    return { accountId, parentPostId, postId, elapsedSeconds, videoId: id }
  }

  async #view(job: Job): Promise<Video> {
    const input = parseVideoInput(job.input)
    const output = asObject(job.output)
    const status = statuses[job.status]
    return {
      id: job.id,
      status,
      percent: status === 'completed' ? 100 : await this.#percentOf(job, input.seconds),
      input,
      error: status === 'failed' ? describeFailure(job) : null,
      fileId: asString(output?.['fileId']) ?? null,
      upstreamUrl: asString(output?.['url']) ?? null,
      createdAt: job.createdAt,
      completedAt: status === 'completed' ? job.endedAt : null,
      expiresAt: job.endedAt === null ? null : job.endedAt + RETENTION_DAYS.tasks * DAY_MS,
    }
  }

  async #percentOf(job: Job, seconds: VideoSeconds): Promise<number> {
    if (job.counts.succeeded === 0) return 0
    const limit = videoSteps(seconds).length
    const items = await this.#parts.jobs.items(job.id, { fromIndex: 0, limit, status: 'succeeded' })
    return new VideoRecord(seconds, items).percent
  }
}

function describeFailure({ status, output }: Job): Video['error'] {
  if (status === 'cancelled') return { code: 'cancelled', message: 'The video was cancelled.' }
  const fields = asObject(output)
  return {
    code: asString(fields?.['code']) ?? 'internal',
    message: asString(fields?.['error']) ?? 'The video could not be made.',
  }
}

function ascendingAfter(newestFirst: readonly Job[], after: string | undefined): readonly Job[] {
  const ascending = newestFirst.toReversed()
  return after === undefined ? ascending : ascending.slice(ascending.findIndex(({ id }) => id === after) + 1)
}
