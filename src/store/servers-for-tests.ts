import type { Stores } from './contract.ts'
import { createRedisDatabase, redisForTests } from './redis/redis-for-tests.ts'
import { openRedisStores } from './redis/redis.ts'
import { createTestDatabase, poolForTests, testServers, type TestDatabase } from './sql/servers-for-tests.ts'

/** A server of any kind that tests may use. */
export interface StoreServer {
  readonly name: string
  /** The variable that says where it is. */
  readonly variable: string
  readonly url: string | undefined
  /** The environment that a gateway needs to use a database of it. */
  readonly environment: (url: string) => Readonly<Record<string, string>>
  readonly open: (url: string) => Promise<Stores>
  /** Makes a database that nobody else uses. */
  readonly create: (url: string) => Promise<TestDatabase>
}

const sqlEnvironments: Readonly<Record<string, readonly [storage: string, address: string]>> = {
  PostgreSQL: ['postgresql', 'ACCOUNT_POSTGRESQL_URL'],
  'MySQL/MariaDB': ['mysql', 'ACCOUNT_MYSQL_URL'],
}

/** For tests: all servers that `script/services` starts. */
export const storeServers: readonly StoreServer[] = [
  ...testServers.map((server): StoreServer => {
    const { name, variable, url } = server
    const [storage = '', address = ''] = sqlEnvironments[name] ?? []
    return {
      name,
      variable,
      url,
      environment: (place) => ({ ACCOUNT_STORAGE: storage, [address]: place }),
      open: (place) => server.open(place, poolForTests),
      create: (place) => createTestDatabase(server, place),
    }
  }),
  {
    ...redisForTests,
    name: 'Redis',
    environment: (place) => ({ ACCOUNT_STORAGE: 'redis', ACCOUNT_REDIS_URL: place }),
    open: (place) => openRedisStores(place),
    create: createRedisDatabase,
  },
]
