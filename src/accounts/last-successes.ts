/** When accounts last succeeded, as far as it tells whether *another* account did: two entries are enough. */
export class LastSuccesses {
  #latest = { id: 0, at: 0 }
  /** The latest success of any account but `#latest.id`. */
  #otherAt = 0

  add(id: number, at: number): void {
    if (id !== this.#latest.id) this.#otherAt = this.#latest.at
    this.#latest = { id, at }
  }

  /** When any account but this one last succeeded (epoch ms); 0 if none has. */
  besides(id: number): number {
    return id === this.#latest.id ? this.#otherAt : this.#latest.at
  }
}
