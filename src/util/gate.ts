/** Lets so many pieces of work through at a time; the others wait in line. */
export class Gate {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs the work when its turn comes; rejects with the signal's reason if that fires while it waits. */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#limit) this.#running++
    else await this.#wait(signal)
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // a place is handed on, so that nobody who comes now takes it first
      if (next) next()
      else this.#running--
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(enter), 1)
      reject(signal.reason)
    }
    const enter = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.push(enter)
    return promise
  }
}
