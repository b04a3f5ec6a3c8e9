import { describeError, type Log } from './log.ts'

/** Work that outlives the call that starts it: logged when it fails, awaited at shutdown. */
export interface Background {
  /** Starts a piece of work now. */
  run(name: string, work: (signal: AbortSignal) => Promise<unknown>): void
  /** Repeats a piece of work; the pause after each run is what `pauseSeconds` says then. Runs never overlap. */
  every(name: string, pauseSeconds: () => number, work: (signal: AbortSignal) => Promise<unknown>): void
  /** Stops repeating, signals all running work and waits for its end. */
  close(): Promise<void>
}

/** A background whose failures go to `log`. */
export function createBackground(log: Log): Background {
  const abort = new AbortController()
  const running = new Set<Promise<void>>()

  const guarded = async (name: string, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    try {
      await work(abort.signal)
    } catch (error) {
      if (!abort.signal.aborted)
        log.error('background work failed', { work: name, error: describeError(error) })
    }
  }
  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  const repeat: Background['every'] = (name, pauseSeconds, work) => {
    const loop = async (): Promise<void> => {
      // ends with the signal: that is the bound of this loop
      while (!abort.signal.aborted) {
        await pause(pauseSeconds() * 1000, abort.signal)
        if (!abort.signal.aborted) await guarded(name, work)
      }
    }
    track(loop())
  }
  return {
    run: (name, work) => track(guarded(name, work)),
    every: repeat,
    close: async () => {
      abort.abort()
      await Promise.all(running)
    },
  }
}

/** Resolves after the time, or at once when the signal fires. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    signal.addEventListener('abort', done)
  })
}
