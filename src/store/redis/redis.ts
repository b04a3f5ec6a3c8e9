import type { Stores } from '../contract.ts'
import { createRedisAccountStore } from './account-store.ts'
import { parseRedisAddress } from './address.ts'
import { createRedisAuditStore } from './audit-store.ts'
import { RedisConnection } from './connection.ts'
import { createRedisInFlightStore } from './in-flight-store.ts'
import { createRedisJobStore } from './job-store.ts'
import { createRedisLeaseStore } from './lease-store.ts'
import { checkLayout } from './layout.ts'
import { createRedisResponseStore } from './response-store.ts'
import { createRedisSettings, createRedisSettingsHistory } from './settings-store.ts'

/** What our keys begin with; version 2 had none, so that both fit into one database. */
const PREFIX = 'g2a:'

/** What may be chosen about the keys. */
export interface RedisOptions {
  /** What all keys begin with, so that several installations fit into one database. */
  readonly prefix?: string
  /** How long an answer is waited for before the connection is given up; 10 s if nothing is said. */
  readonly answerTimeoutMs?: number
}

/** Opens the stores at `url`; throws a `DsnError` for an address that cannot be used. No error holds the password. */
export async function openRedisStores(url: string, options: RedisOptions = {}): Promise<Stores> {
  const { prefix = PREFIX, answerTimeoutMs } = options
  const redis = await RedisConnection.open(parseRedisAddress(url), { prefix, answerTimeoutMs })
  try {
    await checkLayout(redis)
  } catch (error) {
    await redis.close()
    throw error
  }
  return {
    accounts: createRedisAccountStore(redis),
    settings: createRedisSettings(redis),
    settingsHistory: createRedisSettingsHistory(redis),
    jobs: createRedisJobStore(redis),
    audit: createRedisAuditStore(redis),
    leases: createRedisLeaseStore(redis),
    responses: createRedisResponseStore(redis),
    inFlight: createRedisInFlightStore(redis),
    watch: (onChange) => redis.watch(onChange),
    ping: () => redis.ping(),
    close: () => redis.close(),
  }
}
