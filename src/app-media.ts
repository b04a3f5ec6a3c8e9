import { imageSettings, keeperSettings, linkSettings, mediaLimits } from './app-settings.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import { mediaTypes } from './core/media.ts'
import { createMediaKeeper, type MediaKeeper } from './gateway/media-keeper.ts'
import type { ImageSettings } from './gateway/picture-source.ts'
import { KeptIndex } from './media/kept-index.ts'
import { MediaFiles } from './media/media-files.ts'
import { MediaStore } from './media/media-store.ts'
import type { Download } from './upstream/download.ts'
import type { Background } from './util/background.ts'
import type { Clock } from './util/clock.ts'
import { createLog } from './util/log.ts'

/** What kept media are built from. */
export interface MediaOptions {
  readonly startup: Pick<StartupOptions, 'dataDir'>
  readonly settings: SettingsService
  /** A secret of the installation: ids of files come from it. */
  readonly sessionKey: Buffer
  readonly download: Download
  readonly background: Background
  readonly clock: Clock
}

/** The files on disk, and what brings them there. */
export interface Media {
  readonly parts: {
    readonly mediaKeeper: MediaKeeper
    readonly keptMedia: MediaStore
    readonly linkSettings: () => ReturnType<typeof linkSettings>
    readonly imageSettings: () => ImageSettings
  }
  close(): void
}

/** Puts together what is kept on disk; it is tidied now, and whenever the settings change. */
export function createMedia(options: MediaOptions): Media {
  const { startup, settings, sessionKey, download, background, clock } = options
  const log = createLog('media')
  const index = new KeptIndex(startup.dataDir, log)
  const keptMedia = new MediaStore({
    files: new MediaFiles(startup.dataDir),
    index,
    limits: () => mediaLimits(settings.current),
    idKey: sessionKey,
    clock,
    log,
  })
  const tidy = (): void =>
    background.run('tidy kept media', async () => {
      for (const type of mediaTypes) await keptMedia.tidy(type)
    })
  tidy()
  // a limit that was lowered holds at once
  settings.subscribe(tidy)
  const mediaKeeper = createMediaKeeper({
    store: keptMedia,
    download,
    settings: () => keeperSettings(settings.current),
  })
  const parts = {
    mediaKeeper,
    keptMedia,
    linkSettings: () => linkSettings(settings.current),
    imageSettings: () => imageSettings(settings.current),
  }
  return { parts, close: () => index.close() }
}
