import { createApp, type App, type AppOptions } from '../app.ts'
import type { SettingsService } from '../config/settings.ts'
import { createLog } from '../util/log.ts'
import { systemClock, type Clock } from '../util/clock.ts'
import { openLogging } from '../util/open-logging.ts'
import type { SocketSession } from '../util/socket.ts'
import { announceSecrets } from './announce-secrets.ts'
import { openParts } from './open-parts.ts'
import { socketHandlers } from './socket-handlers.ts'
import { WORKER_VARIABLE } from './supervise.ts'

const log = createLog('serve')

/** Seconds that a shutdown waits for answers that are still being sent. */
const DRAIN_SECONDS = 10

/** A gateway that listens. */
export interface Server {
  readonly url: string
  readonly settings: SettingsService
  /** Takes no new requests, waits a little for running ones, and closes everything. */
  close(): Promise<void>
}

type OpenParts = Omit<AppOptions, 'clock'>
type Environment = Readonly<Record<string, string | undefined>>

/** Starts the gateway by the environment's start-up variables (`docs/config.md`); tests bring a clock that they can move. */
export async function serve(environment: Environment, clock: Clock = systemClock): Promise<Server> {
  // closes what is open already when a later step fails; in the end it becomes the server's own close
  await using opened = new AsyncDisposableStack()
  const parts = await openParts(environment)
  opened.defer(() => parts.stores.close())
  opened.defer(await openLogging(loggingOptions(parts)))
  announceSecrets(await parts.settings.ensureGenerated())
  logWarnings(parts)
  const app = await createApp({ ...parts, clock })
  opened.defer(() => app.close())
  const listener = listen(app, parts, environment[WORKER_VARIABLE] !== undefined)
  opened.defer(async () => {
    await Promise.race([listener.stop(), Bun.sleep(DRAIN_SECONDS * 1000)])
    await listener.stop(true)
  })
  const url = `http://${parts.startup.serverHost}:${listener.port}`
  log.info('listening', { url })
  const resources = opened.move()
  return { url, settings: parts.settings, close: () => resources.disposeAsync() }
}

function listen(app: App, { startup }: OpenParts, isWorker: boolean) {
  return Bun.serve({
    hostname: startup.serverHost,
    port: startup.serverPort,
    development: false,
    // Bun shares the port between programs unless told otherwise: a second gateway would silently take half the requests
    reusePort: isWorker,
    websocket: socketHandlers,
    fetch: (request, server) => {
      const address = server.requestIP(request)?.address
      const allowSilence = (): void => server.timeout(request, 0)
      const upgrade = (session: SocketSession): boolean => server.upgrade(request, { data: { session } })
      return app.fetch(request, { allowSilence, upgrade, ...(address !== undefined && { address }) })
    },
  })
}

function logWarnings({ settings }: OpenParts): void {
  for (const { key, message } of settings.warnings) log.warn(`${key} ${message}`, { setting: key })
}

function loggingOptions({ startup, settings }: OpenParts) {
  const { file_level: level, max_files: maxFiles } = settings.current.logging
  const file = { directory: startup.logDir, level, maxFiles }
  return { consoleLevel: startup.logLevel, ...(startup.logFileEnabled && { file }) }
}
