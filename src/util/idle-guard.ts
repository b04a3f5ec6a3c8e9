/** Calls back once when nothing has happened for a while. One timer for the whole life, however often it is touched. */
export class IdleGuard {
  #limitMs: number
  #touchedAt: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #isOver = false
  readonly #onIdle: () => void

  constructor(limitMs: number, onIdle: () => void) {
    this.#limitMs = limitMs
    this.#onIdle = onIdle
    this.#touchedAt = performance.now()
    this.#arm(limitMs)
  }

  /** Something happened: the time starts anew. */
  touch(): void {
    this.#touchedAt = performance.now()
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
    const leftMs = this.#limitMs - (performance.now() - this.#touchedAt)
    if (leftMs > 0) return this.#arm(leftMs)
    this.#isOver = true
    this.#onIdle()
  }
}
