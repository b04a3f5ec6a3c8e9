/** The emulator's clock: real time plus an offset that tests move forward, so that no test waits for a window. */
export class EmulatorClock {
  readonly #realNow: () => number
  #offsetMilliseconds = 0

  constructor(realNow: () => number = Date.now) {
    this.#realNow = realNow
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#realNow() + this.#offsetMilliseconds
  }

  /** The current time plus a shift, as RFC 3339 with `Z`, spec/upstream-chat.md §0.3. */
  iso(shiftMilliseconds = 0): string {
    return new Date(this.now() + shiftMilliseconds).toISOString()
  }

  /** Moves the clock forward. */
  advance(seconds: number): void {
    this.#offsetMilliseconds += seconds * 1000
  }

  /** Back to real time. */
  reset(): void {
    this.#offsetMilliseconds = 0
  }
}
