import { z } from 'zod'
import type { JobItem, Json } from '../core/job.ts'
import { segmentsOf, type VideoSeconds } from '../core/video-request.ts'

/** Accounts that are tried for the first clip at most. */
export const MAX_VIDEO_TRIES = 3

/** Marks of progress within a clip, percent: each is written once. */
const MARKS = [20, 40, 60, 80] as const

/**
 * One thing that a video job does, in order. `file`: the post that it is filed under, for one account. `ask`: written
 * before a clip is asked for, so that after a crash it is known that it may be under way. `place`: the conversation that
 * the first clip is made in. `refused`: the upstream did not take the first clip on, so that another account may be tried.
 */
export type VideoStep =
  | { readonly step: 'file' | 'place' | 'refused'; readonly try: number }
  | { readonly step: 'ask'; readonly segment: number; readonly try: number }
  | { readonly step: 'mark'; readonly segment: number; readonly percent: number }
  | { readonly step: 'clip'; readonly segment: number }
  | { readonly step: 'keep' }

const filedSchema = z.object({
  accountId: z.int(),
  /** Empty for a clip by itself, which belongs to no post. */
  parentPostId: z.string(),
  /** Pictures to start from: addresses for a post, else the ids of what was put up. */
  references: z.array(z.string()),
})
const askedSchema = z.object({ askedAt: z.number() })
const placedSchema = z.object({ conversationId: z.string() })
const clipSchema = z.object({ postId: z.string(), url: z.string() })
const keptSchema = z.object({ fileId: z.string() })

/** Where a video is filed at the upstream. */
export type FiledVideo = z.infer<typeof filedSchema>
export type RecordedClip = z.infer<typeof clipSchema>

/** The steps of a video of this length; their places are the indexes of the job's items. */
export function videoSteps(seconds: VideoSeconds): readonly VideoStep[] {
  const tries = Array.from({ length: MAX_VIDEO_TRIES }, (_, index): VideoStep[] => [
    { step: 'file', try: index },
    { step: 'ask', segment: 0, try: index },
    { step: 'refused', try: index },
  ])
  const clips = segmentsOf(seconds).map((_, segment): VideoStep[] => {
    const ask: VideoStep[] = segment === 0 ? [] : [{ step: 'ask', segment, try: 0 }]
    const marks = MARKS.map((percent): VideoStep => ({ step: 'mark', segment, percent }))
    return ask.concat(marks, { step: 'clip', segment })
  })
  // at the end, where it moves no step of a job that an earlier version has begun
  const places = tries.map((_, index): VideoStep => ({ step: 'place', try: index }))
  return [...tries.flat(), ...clips.flat(), { step: 'keep' }, ...places]
}

/** What a job has done, read from its items. */
export class VideoRecord {
  readonly #steps: readonly VideoStep[]
  readonly #details = new Map<number, Json>()

  constructor(seconds: VideoSeconds, items: readonly JobItem[]) {
    this.#steps = videoSteps(seconds)
    for (const { index, status, detail } of items)
      if (status === 'succeeded') this.#details.set(index, detail)
  }

  /** The index of a step's item. */
  indexOf(step: VideoStep): number {
    const text = JSON.stringify(step)
    return this.#steps.findIndex((one) => JSON.stringify(one) === text)
  }

  note(step: VideoStep, detail: Json): void {
    this.#details.set(this.indexOf(step), detail)
  }

  has(step: VideoStep): boolean {
    return this.#details.has(this.indexOf(step))
  }

  /** The current try: the first that was not refused. */
  get try(): number {
    let current = 0
    while (current < MAX_VIDEO_TRIES && this.has({ step: 'refused', try: current })) current++
    return current
  }

  get filed(): FiledVideo | undefined {
    return filedSchema.safeParse(this.#details.get(this.indexOf({ step: 'file', try: this.try }))).data
  }

  /** When the first clip was asked for, and where it is made as far as that was told; undefined: it was not. */
  get asked(): { readonly askedAt: number; readonly conversationId?: string } | undefined {
    const current = this.try
    const detail = this.#details.get(this.indexOf({ step: 'ask', segment: 0, try: current }))
    const place = this.#details.get(this.indexOf({ step: 'place', try: current }))
    const asked = askedSchema.safeParse(detail).data
    return asked && { ...asked, ...placedSchema.safeParse(place).data }
  }

  clip(segment: number): RecordedClip | undefined {
    return clipSchema.safeParse(this.#details.get(this.indexOf({ step: 'clip', segment }))).data
  }

  get fileId(): string | undefined {
    return keptSchema.safeParse(this.#details.get(this.indexOf({ step: 'keep' }))).data?.fileId
  }

  /** How far the video is, 0 to 99; 100 is only said of a job that has ended. */
  get percent(): number {
    const counted = this.#steps.filter(({ step }) => step === 'mark' || step === 'clip' || step === 'keep')
    const done = counted.filter((step) => this.has(step)).length
    return Math.min(99, Math.floor((done / counted.length) * 100))
  }

  /** The next mark that a clip has reached and that is not written yet. */
  markFor(segment: number, percent: number): VideoStep | undefined {
    const reached = MARKS.findLast((mark) => mark <= percent)
    if (reached === undefined) return undefined
    const step = { step: 'mark', segment, percent: reached } as const
    return this.has(step) ? undefined : step
  }
}
