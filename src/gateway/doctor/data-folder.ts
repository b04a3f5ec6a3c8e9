import { constants } from 'node:fs'
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describeError } from '../../util/log.ts'
import { fine, type DoctorCheck, type Finding } from './finding.ts'

/** Room on the disk below which kept media and the database are in danger. */
const LEAST_FREE_MB = 200
const BYTES_PER_MB = 1024 * 1024
const ROOM_SETTING = 'cache.local.video_max_mb'

/** A file that must be usable when it is there. */
export interface NeededFile {
  readonly path: string
  readonly need: 'read' | 'write'
}

type Write = (
  path: string,
  text: string,
  options: { readonly flag: string; readonly mode: number },
) => Promise<void>

/** The data folder: there, ours to write, and with room; and so are the files that are in it already. */
export function checkDataFolder(
  dataDir: string,
  files: readonly NeededFile[],
  write: Write = writeFile,
): DoctorCheck {
  const input = `DATA_DIR ${dataDir}`
  return {
    name: 'data-folder',
    timeoutSeconds: 10,
    subject: () => ({ input }),
    run: async () => ({ input, ...(await look(dataDir, files, write)) }),
  }
}

async function look(dataDir: string, files: readonly NeededFile[], write: Write): Promise<Finding> {
  try {
    await tryWriting(dataDir, write)
  } catch (error) {
    return explainFault(dataDir, error)
  }
  for (const { path, need } of files) {
    const fault = await findFault(path, need)
    if (fault !== undefined) return { ...explainFault(path, fault), input: path }
  }
  const freeMb = await findRoom(dataDir)
  if (freeMb >= LEAST_FREE_MB) return fine(`The data folder can be written; ${freeMb} MB are free.`)
  return {
    status: 'warn',
    message: `Only ${freeMb} MB are free on the disk of the data folder.`,
    nextStep: 'Make room, or let less media be kept.',
    setting: ROOM_SETTING,
  }
}

async function tryWriting(dataDir: string, write: Write): Promise<void> {
  await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  const probe = join(dataDir, `.doctor-${crypto.randomUUID()}`)
  try {
    await write(probe, 'a file of the doctor; it may be deleted', { flag: 'wx', mode: 0o600 })
  } finally {
    // on a full disk the file is there, and empty
    await rm(probe, { force: true })
  }
}

async function findFault(path: string, need: NeededFile['need']): Promise<unknown> {
  try {
    await stat(path)
    await access(path, need === 'read' ? constants.R_OK : constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : error
  }
}

async function findRoom(dataDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dataDir)
  return Math.floor((bavail * bsize) / BYTES_PER_MB)
}

function explainFault(path: string, error: unknown): Finding {
  const { username, uid } = userInfo()
  const code = codeOf(error)
  return {
    status: 'fail',
    message: `${path} cannot be read and written by ${username} (uid ${uid}): ${describeError(error)}`,
    nextStep: nextSteps[code] ?? `Create it, or give it to this user: chown -R ${uid} ${path}`,
    ...(isFull(code) && { setting: ROOM_SETTING }),
  }
}

const makeRoom = 'The disk is full: make room, or let less media be kept.'

/** What another owner would not mend. */
const nextSteps: Readonly<Record<string, string>> = {
  ENOSPC: makeRoom,
  EDQUOT: makeRoom,
  EROFS: 'It is mounted read-only: mount it for writing, or choose another folder.',
  ENOTDIR: 'A part of this path is a file and no folder: correct the path.',
  ELOOP: 'A link in this path leads to itself: correct the path.',
}

function isFull(code: string): boolean {
  return nextSteps[code] === makeRoom
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
