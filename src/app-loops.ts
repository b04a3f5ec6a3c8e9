import { GATE_PAUSE_SECONDS, type SharedGate } from './accounts/in-flight-gate.ts'
import type { AccountSync } from './accounts/sync.ts'
import type { Upkeep } from './accounts/upkeep.ts'
import type { WriteBehind } from './accounts/write-behind.ts'
import type { SettingsService } from './config/settings.ts'
import type { StartupOptions } from './config/startup.ts'
import type { JobRunner } from './gateway/job-runner.ts'
import type { Stores } from './store/contract.ts'
import { forget } from './store/forget.ts'
import { LEADERSHIP_PAUSE_SECONDS, type Leadership } from './store/leadership.ts'
import type { Background } from './util/background.ts'
import type { Clock } from './util/clock.ts'
import type { SecretBox } from './util/secret-box.ts'

/** Pause between two writes of accounts whose condition has changed. */
const WRITE_PAUSE_SECONDS = 1
/** Pause between two writes of all that has changed, mere uses included: busy accounts are then written once for many uses. */
const WRITE_USES_PAUSE_SECONDS = 5
/** Pause between two looks at the stored settings and the keys, for changes made by hand or by another process. */
const SETTINGS_PAUSE_SECONDS = 3
/** Pause between two runs of the refresh schedule; each has a budget of its own. */
const UPKEEP_PAUSE_SECONDS = 15

/** Pause between two looks for tasks that another process was given, or has left. */
const TASK_PAUSE_SECONDS = 2
/** Pause between two removals of what is kept for a time only. */
const FORGET_PAUSE_SECONDS = 3600

/** What the loops need of the app. */
export interface LoopParts {
  readonly startup: Pick<StartupOptions, 'accountSyncIntervalSeconds' | 'accountSyncActiveIntervalSeconds'>
  readonly settings: SettingsService
  readonly stores: Stores
  readonly box: SecretBox
  readonly clock: Clock
  readonly sync: AccountSync
  readonly writes: WriteBehind
  readonly leadership: Leadership
  /** Absent where one process has the store to itself. */
  readonly gate?: SharedGate
  readonly background: Background
  readonly upkeep: Upkeep
  readonly runners: readonly JobRunner[]
}

/** What runs beside the requests, until the background is closed. */
export function startLoops(parts: LoopParts): void {
  const { background, startup, settings, writes, sync, leadership, upkeep, gate, box, stores } = parts
  const pace = {
    idleSeconds: startup.accountSyncIntervalSeconds,
    activeSeconds: startup.accountSyncActiveIntervalSeconds,
  }
  const every = (name: string, pauseSeconds: number, work: (signal: AbortSignal) => Promise<unknown>): void =>
    background.every(name, () => pauseSeconds, work)
  every('write accounts', WRITE_PAUSE_SECONDS, () => writes.flushPressing())
  every('write uses', WRITE_USES_PAUSE_SECONDS, () => writes.flush())
  every('read settings', SETTINGS_PAUSE_SECONDS, async () => {
    box.reload()
    await settings.refresh()
  })
  background.every(
    'read accounts',
    () => sync.pauseSeconds(pace),
    (signal) => sync.read(signal),
  )
  background.run('lead', () => leadership.renew())
  every('lead', LEADERSHIP_PAUSE_SECONDS, () => leadership.renew())
  every('upkeep', UPKEEP_PAUSE_SECONDS, async (signal) => {
    if (leadership.isLeader) await upkeep.runSchedule(signal)
  })
  for (const runner of parts.runners)
    every('take on jobs', TASK_PAUSE_SECONDS, (signal) => runner.takeOn(signal))
  every('forget', FORGET_PAUSE_SECONDS, async () => {
    if (leadership.isLeader) await forget(stores, parts.clock())
  })
  if (gate) every('hold requests in flight', GATE_PAUSE_SECONDS, () => gate.beat())
}
