import type { MysqlPool, MysqlPoolConnection } from 'kysely'
import type { Pool, PoolConnection } from 'mysql2'
import type { PoolOptions } from './pool-options.ts'

type Answer = (error: unknown, connection: MysqlPoolConnection) => void

/** The driver's pool with the two bounds that it lacks: how long one waits for a connection, and how old one gets. */
export class LimitedPool implements MysqlPool {
  readonly #pool: Pool
  readonly #options: PoolOptions
  readonly #bornAt = new WeakMap<PoolConnection, number>()

  constructor(pool: Pool, options: PoolOptions) {
    this.#pool = pool
    this.#options = options
    pool.on('connection', (connection) => this.#bornAt.set(connection, performance.now()))
  }

  getConnection(answer: Answer): void {
    this.#take().then(
      (connection) => answer(null, connection),
      // Kysely looks at the error first
      (error: unknown) => Reflect.apply(answer, undefined, [error]),
    )
  }

  end(done: (error: unknown) => void): void {
    this.#pool.end(done)
  }

  async #take(): Promise<PoolConnection> {
    const deadline = performance.now() + this.#options.timeoutSeconds * 1000
    // each round throws away one connection that is too old, and there are no more than the pool's limit
    for (;;) {
      const connection = await this.#takeBefore(deadline)
      const age = performance.now() - (this.#bornAt.get(connection) ?? 0)
      if (age < this.#options.recycleSeconds * 1000) return connection
      connection.destroy()
    }
  }

  #takeBefore(deadline: number): Promise<PoolConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>()
    let isLate = false
    const timer = setTimeout(
      () => {
        isLate = true
        reject(new Error(`no connection to MySQL was free within ${this.#options.timeoutSeconds} s`))
      },
      Math.max(0, deadline - performance.now()),
    )
    this.#pool.getConnection((error, connection) => {
      clearTimeout(timer)
      if (error) return reject(error)
      if (isLate) return connection.release()
      resolve(connection)
    })
    return promise
  }
}
