import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Read and written by the owner alone: the settings hold keys and cookies. */
const OWNER_ONLY = 0o600

/** Replaces a file so that a reader, or a crash at any moment, sees the whole old or the whole new content. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporaryPath = `${path}.${randomUUID()}.tmp`
  try {
    await using file = await open(temporaryPath, 'wx', OWNER_ONLY)
    await file.writeFile(bytes)
    await file.sync()
  } catch (error) {
    await rm(temporaryPath, { force: true })
    throw error
  }
  await renameOrRemove(temporaryPath, path)
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
}

async function renameOrRemove(temporaryPath: string, path: string): Promise<void> {
  try {
    await rename(temporaryPath, path)
  } catch (error) {
    await rm(temporaryPath, { force: true })
    throw error
  }
}
