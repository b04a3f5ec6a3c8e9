import { createApp, type AppOptions } from '../app.ts'
import type { SettingsService } from '../config/settings.ts'
import { createLog } from '../util/log.ts'
import { openLogging } from '../util/open-logging.ts'
import { openParts } from './open-parts.ts'

/** Seconds that a shutdown waits for answers that are still being sent. */
const DRAIN_SECONDS = 10

/** A gateway that listens. */
export interface Server {
  readonly url: string
  readonly settings: SettingsService
  /** Takes no new requests, waits a little for running ones, and closes everything. */
  close(): Promise<void>
}

type Environment = Readonly<Record<string, string | undefined>>

/** Starts the gateway by the environment's start-up variables (`docs/config.md`). */
export async function serve(environment: Environment): Promise<Server> {
  const parts = await openParts(environment)
  const closeLogging = await openLogging(loggingOptions(parts))
  announceSecrets(await parts.settings.ensureGenerated())
  const log = createLog('serve')
  for (const { key, message } of parts.settings.warnings) log.warn(`${key} ${message}`, { setting: key })
  if (parts.startup.serverWorkers > 1) {
    log.warn('SERVER_WORKERS is not served by this version: one process runs', {
      asked: parts.startup.serverWorkers,
    })
  }
  const app = await createApp(parts)
  const listener = Bun.serve({
    hostname: parts.startup.serverHost,
    port: parts.startup.serverPort,
    development: false,
    fetch: (request, server) => app.fetch(request, { allowSilence: () => server.timeout(request, 0) }),
  })
  log.info('listening', { url: listener.url.href })
  return {
    url: `http://${parts.startup.serverHost}:${listener.port}`,
    settings: parts.settings,
    close: async () => {
      await Promise.race([listener.stop(), Bun.sleep(DRAIN_SECONDS * 1000)])
      await listener.stop(true)
      await app.close()
      await parts.store.close()
      await closeLogging()
    },
  }
}

function loggingOptions({ startup, settings }: AppOptions) {
  const { file_level: level, max_files: maxFiles } = settings.current.logging
  const file = { directory: startup.logDir, level, maxFiles }
  return { consoleLevel: startup.logLevel, ...(startup.logFileEnabled && { file }) }
}

/** Secrets made up at the first start are shown once, on standard output only: they do not belong in a log. */
function announceSecrets(generated: Awaited<ReturnType<SettingsService['ensureGenerated']>>): void {
  for (const { key, value, stored, problem } of generated) {
    console.log(`${key} = ${value}   (made at this first start${stored ? ' and stored' : ''})`)
    if (!stored)
      console.log(`  it could not be stored and holds for this process only: ${problem ?? 'unknown reason'}`)
  }
}
