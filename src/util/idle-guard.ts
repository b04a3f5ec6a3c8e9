/** Calls back once when nothing has happened for a while. One timer for the whole life, however often it is touched. */
export class IdleGuard {
  #limitMs: number
  #touchedAt: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #isOver = false
  #isPaused = false
  readonly #onIdle: () => void

  constructor(limitMs: number, onIdle: () => void) {
    this.#limitMs = limitMs
    this.#onIdle = onIdle
    this.#touchedAt = performance.now()
    this.#arm(limitMs)
  }

  /** Something happened: the time starts anew. */
  touch(): void {
    this.#isPaused = false
    this.#touchedAt = performance.now()
  }

  /** Nothing is waited for until the next touch: the time does not run. */
  pause(): void {
    this.#isPaused = true
  }

  /** Another limit from now on. */
  setLimit(limitMs: number): void {
    if (this.#isOver || limitMs === this.#limitMs) return
    this.#limitMs = limitMs
    this.touch()
    clearTimeout(this.#timer)
    this.#arm(limitMs)
  }

  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #arm(waitMs: number): void {
    this.#timer = setTimeout(() => this.#check(), waitMs)
  }

  #check(): void {
    if (this.#isPaused) return this.#arm(this.#limitMs)
    const leftMs = this.#limitMs - (performance.now() - this.#touchedAt)
    if (leftMs > 0) return this.#arm(leftMs)
    this.#isOver = true
    this.#onIdle()
  }
}
