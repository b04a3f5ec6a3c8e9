import { setTimeout as wait } from 'node:timers/promises'
import { videoSettings } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import { findModel } from './core/models.ts'
import type { Attachments } from './gateway/attachments.ts'
import type { AttemptParts } from './gateway/attempt.ts'
import { JobRunner } from './gateway/job-runner.ts'
import { videoJobHandler } from './gateway/make-video.ts'
import type { MediaKeeper } from './gateway/media-keeper.ts'
import { VIDEO_JOB_KIND } from './gateway/video-job.ts'
import { Videos } from './gateway/videos.ts'
import type { Stores } from './store/contract.ts'
import type { UpstreamClient } from './upstream/client.ts'
import type { Background } from './util/background.ts'
import type { Clock } from './util/clock.ts'
import { createLog } from './util/log.ts'

/** What videos are built from. */
export interface VideoOptions {
  readonly settings: SettingsService
  readonly stores: Stores
  /** Names this process among all. */
  readonly holder: string
  readonly attempts: AttemptParts
  readonly upstream: UpstreamClient
  readonly attachments: Attachments
  readonly mediaKeeper: MediaKeeper
  readonly background: Background
  readonly clock: Clock
}

/** Videos, and the runner that makes them. */
export interface VideoMaking {
  readonly videos: Videos
  readonly runner: JobRunner
}

/** Puts together what videos need; any process makes any. */
export function createVideoMaking(options: VideoOptions): VideoMaking {
  const { settings, stores, holder, attempts, upstream, attachments, mediaKeeper, background, clock } =
    options
  const videoModel = findModel('grok-imagine-video')
  if (!videoModel) throw new Error('the catalogue has no model for videos')
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    await wait(ms, undefined, { signal })
  }
  const handler = videoJobHandler({
    ...attempts,
    upstream,
    attachments,
    keeper: mediaKeeper,
    videoModel,
    videoSettings: () => videoSettings(settings.current),
    clock,
    pause,
  })
  const runner = new JobRunner({
    jobs: stores.jobs,
    handlers: { [VIDEO_JOB_KIND]: handler },
    maxRunning: () => videoSettings(settings.current).concurrency,
    holder,
    clock,
    log: createLog('videos'),
  })
  const wake = (): void => background.run('take on videos', (signal) => runner.takeOn(signal))
  return { videos: new Videos({ jobs: stores.jobs, attachments, clock, pause, wake }), runner }
}
