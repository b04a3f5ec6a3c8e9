import { createLog, describeError } from '../util/log.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Tells a worker which of them it is; its presence makes `serve` a worker. */
export const WORKER_VARIABLE = 'GROK2API_WORKER'

/** Pause before a worker that ended by itself is started again; doubles while it keeps ending early. */
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000

/** A worker that lived so long is started again without a long pause. */
const HEALTHY_LIFE_MS = 60_000

const log = createLog('supervise')

/** Workers that are kept running until they are told to stop. */
export interface Supervisor {
  /** Tells all workers to stop and waits for them. */
  close(): Promise<void>
}

export interface SuperviseOptions {
  readonly program: string
  readonly workers: number
  readonly environment: Environment
}

/** Runs several workers on one port; one that ends by itself is started again. */
export function supervise({ program, workers, environment }: SuperviseOptions): Supervisor {
  const stopping = new AbortController()
  const children = new Set<Bun.Subprocess>()

  const runOnce = async (index: number): Promise<void> => {
    const child = Bun.spawn([process.execPath, program, 'serve'], {
      env: { ...environment, [WORKER_VARIABLE]: String(index + 1) },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    children.add(child)
    const code = await child.exited
    children.delete(child)
    if (!stopping.signal.aborted) log.error('a worker ended by itself', { worker: index, code })
  }
  const keepRunning = async (index: number): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      await runOnce(index).catch((error: unknown) =>
        log.error('a worker did not start', { error: describeError(error) }),
      )
      if (stopping.signal.aborted) return
      pauseMs =
        performance.now() - startedAt > HEALTHY_LIFE_MS ? FIRST_PAUSE_MS : Math.min(MAX_PAUSE_MS, pauseMs * 2)
      await Bun.sleep(pauseMs)
    }
  }
  const running = Array.from({ length: workers }, (_, index) => keepRunning(index))
  return {
    close: async () => {
      stopping.abort()
      for (const child of children) child.kill('SIGTERM')
      await Promise.all(running)
    },
  }
}
