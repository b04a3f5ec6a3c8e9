import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { SettingsConflictError } from '../core/settings-document.ts'

/** How long a lock is waited for, and when its holder counts as gone. */
export interface FileLockTiming {
  readonly waitMilliseconds: number
  readonly staleAfterMilliseconds: number
  readonly pollMilliseconds: number
  readonly now: () => number
}

// A save takes milliseconds. Waiting outlasts staleness, so a holder that crashed costs a delay and not a failure.
const DEFAULT_TIMING: FileLockTiming = {
  waitMilliseconds: 8_000,
  staleAfterMilliseconds: 3_000,
  pollMilliseconds: 20,
  now: () => Date.now(),
}

/** Runs a task while holding a lock that is a file of its own; throws `SettingsConflictError` when another holder keeps it too long. */
export async function withFileLock<Result>(
  path: string,
  timing: Partial<FileLockTiming>,
  task: () => Promise<Result>,
): Promise<Result> {
  const token = randomUUID()
  await acquire(path, token, { ...DEFAULT_TIMING, ...timing })
  try {
    return await task()
  } finally {
    await release(path, token)
  }
}

async function acquire(path: string, token: string, timing: FileLockTiming): Promise<void> {
  const { waitMilliseconds, staleAfterMilliseconds, pollMilliseconds, now } = timing
  const attempts = Math.ceil(waitMilliseconds / pollMilliseconds)
  for (let attempt = 0; attempt <= attempts; attempt += 1) {
    if (await tryCreate(path, token)) return
    const holder = await readHolder(path)
    if (holder !== undefined && now() - holder.since > staleAfterMilliseconds) {
      await removeStale(path, holder.token)
    } else if (attempt < attempts) await delay(pollMilliseconds)
  }
  throw new SettingsConflictError('Another process is saving the settings')
}

async function tryCreate(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function readHolder(path: string): Promise<{ token: string; since: number } | undefined> {
  try {
    return { token: await readFile(path, 'utf8'), since: (await stat(path)).mtimeMs }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Moves the lock aside before deleting it: if another process replaced it in between, the live one is put back. */
async function removeStale(path: string, staleToken: string): Promise<void> {
  const asidePath = `${path}.${randomUUID()}`
  try {
    await rename(path, asidePath)
    if ((await readFile(asidePath, 'utf8')) !== staleToken) await link(asidePath, path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(asidePath, { force: true })
  }
}

async function release(path: string, token: string): Promise<void> {
  const holder = await readHolder(path)
  // Somebody who took us for gone holds it now.
  if (holder?.token === token) await rm(path, { force: true })
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
