import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mapLimit } from '../util/map-limit.ts'

/** What is kept on disk, each in a folder of its own (spec/upstream-media.md §12.2). */
export const mediaTypes = ['image', 'video'] as const
export type MediaType = (typeof mediaTypes)[number]

/** A file that was kept. */
export interface MediaFile {
  readonly name: string
  readonly sizeBytes: number
  /** Epoch milliseconds. */
  readonly modifiedAt: number
}

/** The name is not one that a kept file can have; it never leads out of its folder. */
export class MediaNameError extends Error {
  override readonly name = 'MediaNameError'
}

const folders: Readonly<Record<MediaType, string>> = { image: 'images', video: 'videos' }

/** A plain name: no separator, and no dot at its start, where temporary files have one. */
const FILE_NAME = /^[\w-][\w.-]{0,199}$/
const PARALLEL_CALLS = 16

/** The media files under `DATA_DIR/files`; a folder that is not there yet is an empty one. */
export class MediaFiles {
  readonly #root: string

  constructor(dataDir: string) {
    this.#root = join(dataDir, 'files')
  }

  /** All files of a type, newest first. */
  async list(type: MediaType): Promise<readonly MediaFile[]> {
    const folder = this.#folder(type)
    const entries = await readdir(folder, { withFileTypes: true }).catch(ifMissing([]))
    const names = entries.filter((entry) => entry.isFile() && FILE_NAME.test(entry.name))
    const files = await mapLimit(names, PARALLEL_CALLS, async ({ name }) => {
      const facts = await stat(join(folder, name)).catch(ifMissing(undefined))
      return facts && { name, sizeBytes: facts.size, modifiedAt: Math.trunc(facts.mtimeMs) }
    })
    return files
      .filter((file) => file !== undefined)
      .sort((a, b) => b.modifiedAt - a.modifiedAt || a.name.localeCompare(b.name))
  }

  /** Deletes one file; false if there is none of that name. Throws a `MediaNameError` for what is no name. */
  async remove(type: MediaType, name: string): Promise<boolean> {
    if (!FILE_NAME.test(name)) throw new MediaNameError(`${JSON.stringify(name)} is not the name of a file`)
    const missing = Symbol('missing')
    const removed = await rm(join(this.#folder(type), name)).catch(ifMissing(missing))
    return removed !== missing
  }

  /** Deletes all files of a type; returns how many. */
  async clear(type: MediaType): Promise<number> {
    const files = await this.list(type)
    const removed = await mapLimit(files, PARALLEL_CALLS, ({ name }) => this.remove(type, name))
    return removed.filter(Boolean).length
  }

  #folder(type: MediaType): string {
    return join(this.#root, folders[type])
  }
}

/** Another process may have deleted what was just seen; every other failure is one. */
function ifMissing<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value
    throw error
  }
}
