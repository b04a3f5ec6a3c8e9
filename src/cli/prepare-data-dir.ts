import { accessSync, constants, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Makes sure that the data folder is there and can be written; says what to do if not. */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { username, uid } = userInfo()
    const advice = `create it, or give it to this user: chown -R ${uid} ${path}`
    throw new Error(`DATA_DIR ${path} cannot be written by ${username} (uid ${uid}); ${advice}`, {
      cause: error,
    })
  }
}
