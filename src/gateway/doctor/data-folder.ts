import { constants } from 'node:fs'
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describeError } from '../../util/log.ts'
import { fine, type DoctorCheck, type Finding } from './finding.ts'

/** Room on the disk below which kept media and the database are in danger. */
const LEAST_FREE_MB = 200
const BYTES_PER_MB = 1024 * 1024

/** The data folder: there, ours to write, and with room; `files` are those that must be writable when they are there. */
export function checkDataFolder(dataDir: string, files: readonly string[]): DoctorCheck {
  return { name: 'data-folder', timeoutSeconds: 10, run: () => look(dataDir, files) }
}

async function look(dataDir: string, files: readonly string[]): Promise<Finding> {
  const input = `DATA_DIR ${dataDir}`
  try {
    await tryWriting(dataDir)
  } catch (error) {
    return { ...forbidden(dataDir, error), input }
  }
  for (const path of files) {
    const fault = await findFault(path)
    if (fault !== undefined) return { ...forbidden(path, fault), input: path }
  }
  const freeMb = await findRoom(dataDir)
  if (freeMb >= LEAST_FREE_MB) return fine(`The data folder can be written; ${freeMb} MB are free.`, input)
  return {
    status: 'warn',
    message: `Only ${freeMb} MB are free on the disk of the data folder.`,
    input,
    nextStep: 'Make room, or let less media be kept.',
    setting: 'cache.local.video_max_mb',
  }
}

async function tryWriting(dataDir: string): Promise<void> {
  await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  const probe = join(dataDir, `.doctor-${crypto.randomUUID()}`)
  await writeFile(probe, 'a file of the doctor; it may be deleted', { flag: 'wx', mode: 0o600 })
  await rm(probe)
}

async function findFault(path: string): Promise<unknown> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (!isThere) return undefined
  return access(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function findRoom(dataDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dataDir)
  return Math.floor((bavail * bsize) / BYTES_PER_MB)
}

function forbidden(path: string, error: unknown): Finding {
  const { username, uid } = userInfo()
  return {
    status: 'fail',
    message: `${path} cannot be read and written by ${username} (uid ${uid}): ${describeError(error)}`,
    nextStep: `Create it, or give it to this user: chown -R ${uid} ${path}`,
  }
}
