import { openLogging } from '../util/open-logging.ts'
import { announceSecrets } from './announce-secrets.ts'
import { openParts } from './open-parts.ts'
import { supervise } from './supervise.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Workers that share one port. */
export interface Workers {
  readonly url: string
  close(): Promise<void>
}

/** Starts `SERVER_WORKERS` processes on one port and keeps them running (`docs/decisions`, several processes). */
export async function serveWorkers(environment: Environment): Promise<Workers> {
  const { startup, settings, stores } = await openParts(environment)
  const closeLogging = await openLogging({ consoleLevel: startup.logLevel })
  // before the workers: they must all find the same keys
  announceSecrets(await settings.ensureGenerated())
  await stores.close()
  if (startup.serverPort === 0)
    throw new Error('SERVER_PORT=0 cannot be shared by several workers; choose a port')
  const program = Bun.fileURLToPath(new URL('../main.ts', import.meta.url))
  const workers = supervise({ program, workers: startup.serverWorkers, environment })
  return {
    url: `http://${startup.serverHost}:${startup.serverPort}`,
    close: async () => {
      await workers.close()
      await closeLogging()
    },
  }
}
