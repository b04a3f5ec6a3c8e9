import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaType } from '../core/media.ts'
import { mapLimit } from '../util/map-limit.ts'

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

/** The media files under `DATA_DIR/files`; a folder that is not there yet is an empty one, and a link is no file. */
export class MediaFiles {
  readonly #root: string

  constructor(dataDir: string) {
    this.#root = join(dataDir, 'files')
  }

  /** Where the files of a type lie. */
  folder(type: MediaType): string {
    return join(this.#root, folders[type])
  }

  /** The names of all files of a type, in no order. */
  async names(type: MediaType): Promise<readonly string[]> {
    const entries = await readdir(this.folder(type), { withFileTypes: true }).catch(ifMissing([]))
    return entries.flatMap((entry) => (entry.isFile() && FILE_NAME.test(entry.name) ? [entry.name] : []))
  }

  /** What is known of the files of these names; those that are none are left out. */
  async facts(type: MediaType, names: readonly string[]): Promise<readonly MediaFile[]> {
    const files = await mapLimit(names, PARALLEL_CALLS, (name) => this.find(type, name))
    return files.filter((file) => file !== undefined)
  }

  /** One file; undefined if there is none of that name. */
  async find(type: MediaType, name: string): Promise<MediaFile | undefined> {
    const facts = await lstat(this.path(type, name)).catch(ifMissing(undefined))
    if (!facts?.isFile()) return undefined
    return { name, sizeBytes: facts.size, modifiedAt: Math.trunc(facts.mtimeMs) }
  }

  /** All files of a type, newest first. */
  async list(type: MediaType): Promise<readonly MediaFile[]> {
    const files = await this.facts(type, await this.names(type))
    return files.toSorted((a, b) => b.modifiedAt - a.modifiedAt || a.name.localeCompare(b.name))
  }

  /** Deletes one file; false if there is none of that name. Throws a `MediaNameError` for what is no name. */
  async remove(type: MediaType, name: string): Promise<boolean> {
    const path = this.path(type, name)
    const missing = Symbol('missing')
    const removed = await rm(path).catch(ifMissing(missing))
    return removed !== missing
  }

  /** Where the file of a name lies. Throws a `MediaNameError` for what is no name. */
  path(type: MediaType, name: string): string {
    if (!FILE_NAME.test(name)) throw new MediaNameError(`${JSON.stringify(name)} is not the name of a file`)
    return join(this.folder(type), name)
  }
}

/** Another process may have deleted what was just seen; every other failure is one. */
function ifMissing<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return value
    throw error
  }
}
