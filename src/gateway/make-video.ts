import { GatewayError, toGatewayError, type ErrorCode } from '../core/error.ts'
import type { Job, Json } from '../core/job.ts'
import type { Model } from '../core/model.ts'
import { segmentsOf } from '../core/video-request.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import type { CallerIdentity } from '../upstream/rest-call.ts'
import type { FoundClip } from '../upstream/video/find-clips.ts'
import type { VideoExtension } from '../upstream/video/video-body.ts'
import type { VideoEvent } from '../upstream/video/video-decoder.ts'
import type { Clock } from '../util/clock.ts'
import type { Attempt, AttemptParts } from './attempt.ts'
import type { Attachments } from './attachments.ts'
import { clipOf, fileVideo } from './file-video.ts'
import { identify } from './identify.ts'
import type { JobHold, WholeJobHandler } from './job-runner.ts'
import { LostClips } from './lost-clips.ts'
import type { MediaKeeper } from './media-keeper.ts'
import { VideoAccount } from './video-account.ts'
import { parseVideoInput, type VideoInput } from './video-job.ts'
import {
  MAX_VIDEO_TRIES,
  VideoRecord,
  type FiledVideo,
  type RecordedClip,
  type VideoStep,
} from './video-steps.ts'

export interface VideoSettings {
  /** Silence of the upstream after which a stream is given up. */
  readonly idleSeconds: number
  readonly timeoutSeconds: number
  readonly protocol: 'gateway' | 'rest'
}

export interface VideoParts extends AttemptParts {
  readonly upstream: Pick<UpstreamClient, 'call' | 'video' | 'findClips' | 'findSoleClip' | 'contentUrl'>
  readonly attachments: Attachments
  readonly keeper: MediaKeeper
  readonly videoModel: Model
  readonly videoSettings: () => VideoSettings
  readonly clock: Clock
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/** The longest that a video is worked at, over all processes that take it on. */
const MAX_JOB_MS = 2 * 60 * 60 * 1000

/** Times that a later clip waits for an account that was limited. */
const MAX_RESTS = 3

/** Failures by which the upstream says that it has not taken a clip on: another account may. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'account_blocked',
  'credential_invalid',
  'egress_rejected',
  'upstream_rejected',
])

/** Failures after which it is not known whether a clip is being made: it is looked for, never asked for again at once. */
const unknowns: ReadonlySet<ErrorCode> = new Set(['upstream_unavailable', 'upstream_timeout'])

/**
 * Makes videos as durable jobs: every step is recorded before the next, and what the upstream may have begun is looked
 * for before it is asked for again, so that a crash at any moment leaves each clip made once.
 */
export function videoJobHandler(parts: VideoParts): WholeJobHandler {
  return {
    runWhole: async (job, hold) => {
      const input = parseVideoInput(job.input)
      const record = new VideoRecord(input.seconds, await hold.items())
      return new VideoRun(parts, { job, hold, input, record }).run()
    },
  }
}

interface RunOptions {
  readonly job: Job
  readonly hold: JobHold
  readonly input: VideoInput
  readonly record: VideoRecord
}

class VideoRun {
  readonly #parts: VideoParts
  readonly #job: Job
  readonly #hold: JobHold
  readonly #input: VideoInput
  readonly #record: VideoRecord
  readonly #account: VideoAccount
  #rests = 0

  constructor(parts: VideoParts, { job, hold, input, record }: RunOptions) {
    this.#parts = parts
    this.#job = job
    this.#hold = hold
    this.#input = input
    this.#record = record
    this.#account = new VideoAccount(parts, {
      jobId: job.id,
      signal: hold.signal,
      find: () => this.#filed?.accountId,
    })
  }

  async run(): Promise<Json> {
    for (const segment of segmentsOf(this.#input.seconds).keys()) {
      if (this.#record.clip(segment)) continue
      const clip = await this.#findOrMake(segment)
      await this.#write({ step: 'clip', segment }, { ...clip })
    }
    return this.#keep()
  }

  /** A clip that was asked for in an earlier run may be there, or on its way. */
  async #findOrMake(segment: number): Promise<RecordedClip> {
    for (;;) {
      this.#refuseAfterTheLimit()
      const wasAsked = this.#record.has({ step: 'ask', segment, try: segment === 0 ? this.#record.try : 0 })
      const found = wasAsked ? await this.#lost(segment).find() : undefined
      if (found) return found
      const made = await this.#make(segment)
      if (made) return made
    }
  }

  /** Has a clip made; undefined if it is unknown what became of it. */
  async #make(segment: number): Promise<RecordedClip | undefined> {
    try {
      const isBound = segment > 0 || this.#input.extends !== null
      const stream = this.#account.attempt({ isBound, mayRepeat: () => this.#mayRepeat(segment) }, (one) =>
        this.#ask(segment, one),
      )
      const clip = await this.#follow(stream, segment)
      return clip && this.#withPost(clip, segment)
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      const mayBeThere = unknowns.has(failure.code) && this.#filed !== undefined
      // a later clip belongs to its account, which may only need rest; looking for the clip gives it that
      const isRest = failure.code === 'rate_limited' && segment > 0 && ++this.#rests <= MAX_RESTS
      if (this.#hold.signal.aborted || !(mayBeThere || isRest)) throw failure
      return undefined
    }
  }

  /** Reads a clip's stream to its end, so that its account is given back with a good word. */
  async #follow(
    stream: AsyncIterable<readonly VideoEvent[]>,
    segment: number,
  ): Promise<RecordedClip | undefined> {
    let clip: RecordedClip | undefined
    for await (const events of stream) {
      const percent = Math.max(
        0,
        ...events.map((event) => (event.type === 'video-progress' ? event.percent : 0)),
      )
      const mark = this.#record.markFor(segment, percent)
      if (mark) await this.#write(mark, null)
      for (const event of events) if (event.type === 'video-done') ({ clip } = event)
    }
    return clip
  }

  /** Whether another account may be asked for the first clip: the last one has certainly not begun it. */
  #mayRepeat(segment: number): boolean {
    const current = this.#record.try
    const isAsked = this.#record.has({ step: 'ask', segment: 0, try: current })
    return segment === 0 && this.#input.extends === null && !isAsked && current < MAX_VIDEO_TRIES
  }

  /** Asks one account for a clip, and records first that it does. */
  async *#ask(segment: number, leased: Attempt): AsyncGenerator<readonly VideoEvent[]> {
    const { lease } = leased
    const { signal } = this.#hold
    const identity = identify(leased, signal)
    const filed = await this.#file({ accountId: lease.accountId, ...identity })
    const current = segment === 0 ? this.#record.try : 0
    await this.#write({ step: 'ask', segment, try: current }, { askedAt: this.#parts.clock() })
    const { idleSeconds } = this.#parts.videoSettings()
    let isRefusable = true
    try {
      const clip = clipOf(this.#input, filed, { segment, extension: this.#extensionOf(segment) })
      const onPlaced = (conversationId: string): Promise<void> =>
        segment === 0 ? this.#write({ step: 'place', try: current }, { conversationId }) : Promise.resolve()
      const call = { ...identity, clip, idleSeconds, onServed: () => lease.markServed(), onPlaced }
      for await (const events of this.#parts.upstream.video(call)) {
        isRefusable = false
        yield events
      }
    } catch (thrown) {
      const { code } = toGatewayError(thrown)
      const isRefused = isRefusable && segment === 0 && refusals.has(code)
      if (isRefused && !signal.aborted) await this.#write({ step: 'refused', try: current }, { code })
      throw thrown
    }
  }

  /** Where the video is filed at this account; done now unless it has been. */
  async #file(target: CallerIdentity & { readonly accountId: number }): Promise<FiledVideo> {
    const known = this.#filed
    if (known?.accountId === target.accountId) return known
    if (known) await this.#write({ step: 'refused', try: this.#record.try }, { code: 'another_account' })
    const parts = { ...this.#parts, settings: this.#parts.videoSettings() }
    const filed = await fileVideo(parts, this.#input, target)
    await this.#write({ step: 'file', try: this.#record.try }, filed)
    return filed
  }

  /** Where the video is filed: by this job, or by the one that it goes on from. */
  get #filed(): FiledVideo | undefined {
    const { extends: earlier } = this.#input
    return earlier
      ? { accountId: earlier.accountId, parentPostId: earlier.parentPostId, references: [] }
      : this.#record.filed
  }

  #extensionOf(segment: number): VideoExtension | undefined {
    const { extends: earlier, seconds } = this.#input
    const before = segmentsOf(seconds).slice(0, segment)
    const elapsedSeconds = before.reduce((sum, length) => sum + length, earlier?.elapsedSeconds ?? 0)
    const postId = segment === 0 ? earlier?.postId : this.#record.clip(segment - 1)?.postId
    return postId === undefined ? undefined : { postId, elapsedSeconds }
  }

  /** A clip's own post; one that did not tell it can only be extended from the beginning. */
  #withPost(clip: RecordedClip, segment: number): RecordedClip {
    if (clip.postId !== '') return clip
    const before = segment === 0 ? undefined : this.#record.clip(segment - 1)?.postId
    return { ...clip, postId: before ?? this.#filed?.parentPostId ?? '' }
  }

  async #keep(): Promise<Json> {
    const clip = this.#record.clip(segmentsOf(this.#input.seconds).length - 1)
    const filed = this.#filed
    if (!clip || !filed) throw new GatewayError('internal', 'The video has no last clip.')
    const kept = await this.#account.use((identity) =>
      this.#parts.keeper.keep('video', { type: 'url', url: clip.url }, identity),
    )
    await this.#write({ step: 'keep' }, { fileId: kept.id })
    const { id: fileId, mediaType, sizeBytes } = kept
    // a clip by itself is the post that it can be extended under
    const parentPostId = filed.parentPostId || clip.postId
    return { fileId, mediaType, sizeBytes, url: clip.url, ...filed, parentPostId, postId: clip.postId }
  }

  #lost(segment: number): LostClips {
    const { clock, pause, videoSettings } = this.#parts
    const filed = this.#filed
    const extension = this.#extensionOf(segment)
    return new LostClips({
      clock,
      pause: (ms) => pause(ms, this.#hold.signal),
      idleSeconds: videoSettings().idleSeconds,
      startSeconds: extension?.elapsedSeconds ?? 0,
      look: async () => filed && (await this.#account.use((identity) => this.#look(identity, filed))),
    })
  }

  /** The clips that the upstream has of this video. */
  async #look(
    identity: CallerIdentity,
    { parentPostId }: FiledVideo,
  ): Promise<readonly FoundClip[] | undefined> {
    const { upstream } = this.#parts
    if (parentPostId !== '') return upstream.findClips(identity, parentPostId)
    const { asked } = this.#record
    const found = asked && (await upstream.findSoleClip(identity, { prompt: this.#input.prompt, ...asked }))
    return found && [found]
  }

  async #write(step: VideoStep, detail: Json): Promise<void> {
    if (this.#record.has(step)) return
    await this.#hold.record({ index: this.#record.indexOf(step), succeeded: true, detail })
    this.#record.note(step, detail)
  }

  #refuseAfterTheLimit(): void {
    if (this.#parts.clock() - this.#job.createdAt < MAX_JOB_MS) return
    throw new GatewayError('upstream_timeout', 'The upstream did not make the video in time.')
  }
}
