import { createHmac } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../core/error.ts'
import type { KeptFile, MediaType } from '../core/media.ts'
import type { Clock } from '../util/clock.ts'
import { describeError, type Log } from '../util/log.ts'
import { FileRefusal } from './file-refusal.ts'
import type { IndexedFile, KeptIndex, MediaSum } from './kept-index.ts'
import type { MediaFile, MediaFiles } from './media-files.ts'
import { kindOfName, mediaKinds } from './media-kind.ts'
import { PART_PREFIX, writeMedia, type ByteStream, type OpenFile } from './write-media.ts'

/** Bytes that each type may take on disk; 0: no limit. */
export type MediaLimits = Readonly<Record<MediaType, number>>

export interface MediaStoreParts {
  readonly files: MediaFiles
  readonly index: KeptIndex
  readonly limits: () => MediaLimits
  /** Makes the ids of files from what they were fetched from; the same in every process of an installation. */
  readonly idKey: Buffer
  readonly clock: Clock
  readonly log: Log
  /** Tests put one in its place that fails. */
  readonly openFile?: OpenFile
}

/** A page of the files of a type. */
export interface MediaPage {
  readonly total: number
  readonly files: readonly MediaFile[]
}

/** A kept file, with its place on disk. */
export interface FoundMedia extends KeptFile {
  readonly name: string
  readonly path: string
}

/** The ids of kept files, also of those that the original gateway kept. */
const ID = /^[0-9a-f-]{16,36}$/
const ID_LENGTH = 32
/** After an overflow, the files take at most this part of the limit. */
const EVICTED_SHARE = 0.6
/** Files looked at in one step of an eviction. */
const EVICTION_STEP = 500
const MAX_EVICTION_STEPS = 1_000
/** A file half written, and not touched for so long, was left behind by a process that ended. */
const STALE_PART_SECONDS = 3_600

/** Pictures and films on disk: written whole or not at all, found by ids that cannot be guessed, the oldest dropped first. */
export class MediaStore {
  readonly #parts: MediaStoreParts
  /** Writes under way, by their file: whoever asks for the same one waits for it. */
  readonly #writing = new Map<string, Promise<KeptFile>>()

  constructor(parts: MediaStoreParts) {
    this.#parts = parts
  }

  /** The id of what is kept from an address: without the key, nobody can tell it. */
  idOf(url: string): string {
    return createHmac('sha256', this.#parts.idKey).update(url).digest('hex').slice(0, ID_LENGTH)
  }

  /**
   * Keeps a file under an id, unless it is there already. Throws a {@link FileRefusal} for what is not of the type, and a
   * `GatewayError` if the disk does not take it.
   */
  async keep(type: MediaType, id: string, open: () => ByteStream): Promise<KeptFile> {
    const kept = await this.find(type, id)
    if (kept) return kept
    const key = `${type}:${id}`
    const running = this.#writing.get(key)
    if (running) return running
    const writing = this.#write(type, id, open()).finally(() => this.#writing.delete(key))
    this.#writing.set(key, writing)
    return writing
  }

  /** A kept file by its id; undefined if there is none, or the id is none. */
  async find(type: MediaType, id: string): Promise<FoundMedia | undefined> {
    if (!ID.test(id)) return undefined
    const { files } = this.#parts
    for (const { mediaType, ending } of mediaKinds(type)) {
      const file = await files.find(type, `${id}.${ending}`)
      if (!file) continue
      const { name, sizeBytes, modifiedAt: createdAt } = file
      return { id, type, mediaType, sizeBytes, createdAt, name, path: files.path(type, name) }
    }
    return undefined
  }

  /** How much of a type is kept. */
  async measure(type: MediaType): Promise<MediaSum> {
    await this.reconcile(type)
    return this.#parts.index.sum(type)
  }

  /** A stretch of the files of a type, newest first. */
  async page(type: MediaType, offset: number, limit: number): Promise<MediaPage> {
    await this.reconcile(type)
    const { index } = this.#parts
    const files = index.newest(type, offset, limit)
    return {
      total: index.sum(type).count,
      files: files.map(({ name, sizeBytes, createdAt }) => ({ name, sizeBytes, modifiedAt: createdAt })),
    }
  }

  /** Deletes one file; false if there is none of that name. Throws a `MediaNameError` for what is no name. */
  async remove(type: MediaType, name: string): Promise<boolean> {
    const isRemoved = await this.#parts.files.remove(type, name)
    this.#parts.index.remove(type, [name])
    return isRemoved
  }

  /** Deletes all files of a type; returns how many. */
  async clear(type: MediaType): Promise<number> {
    const { files, index } = this.#parts
    const names = await files.names(type)
    let removed = 0
    for (const name of names) if (await files.remove(type, name)) removed++
    index.remove(type, index.names(type))
    return removed
  }

  /** Brings the index in line with the disk: files may have been put there or deleted by hand. */
  async reconcile(type: MediaType): Promise<void> {
    const { files, index } = this.#parts
    const known = new Set(index.names(type))
    const there = new Set(await files.names(type))
    const added = await files.facts(
      type,
      [...there].filter((name) => !known.has(name) && kindOfName(type, name)),
    )
    if (added.length > 0) index.add(type, added.map(indexed))
    const gone = [...known].filter((name) => !there.has(name))
    // one that was written meanwhile is there now
    const surely = new Set(gone)
    for (const { name } of await files.facts(type, gone)) surely.delete(name)
    if (surely.size > 0) index.remove(type, [...surely])
  }

  /** At the start and after a change of the limits: the index is brought in line, and what is too much is dropped. */
  async tidy(type: MediaType): Promise<void> {
    await this.#removeStaleParts(type)
    await this.reconcile(type)
    await this.#evict(type)
  }

  async #write(type: MediaType, id: string, bytes: ByteStream): Promise<KeptFile> {
    const { files, index, clock, openFile } = this.#parts
    try {
      const { mediaType, ...written } = await writeMedia(
        files.folder(type),
        { type, id, bytes },
        { ...(openFile && { openFile }), check: (digest) => this.#refuseTwin(type, id, digest) },
      )
      const { name, sizeBytes } = written
      const createdAt = clock()
      index.add(type, [{ ...written, createdAt }])
      await this.#evict(type, name)
      return { id, type, mediaType, sizeBytes, createdAt }
    } catch (thrown) {
      throw asDiskFailure(thrown)
    }
  }

  /**
   * No two films that were made are the same to the byte: what comes again from another address is a placeholder, which
   * services give in place of a film that they do not have. Pictures may come twice: here as bytes, there by an address.
   */
  #refuseTwin(type: MediaType, id: string, digest: string): void {
    if (type !== 'video') return
    const own = mediaKinds(type).map(({ ending }) => `${id}.${ending}`)
    const twin = this.#parts.index.findTwin(type, digest, own)
    if (twin !== undefined)
      throw new FileRefusal(`the film is the same as the earlier ${twin}: a placeholder`)
  }

  /** Drops the oldest until a good part of the limit is free, but never what was just written, nor the newest. */
  async #evict(type: MediaType, written?: string): Promise<void> {
    const { index, limits, log } = this.#parts
    const limitBytes = limits()[type]
    if (limitBytes === 0 || index.sum(type).sizeBytes <= limitBytes) return
    const newest = index.newest(type, 0, 1)[0]?.name
    let dropped = 0
    for (let steps = 0; steps < MAX_EVICTION_STEPS; steps++) {
      let surplus = index.sum(type).sizeBytes - limitBytes * EVICTED_SHARE
      const victims: string[] = []
      for (const { name, sizeBytes } of index.oldest(type, EVICTION_STEP)) {
        if (surplus <= 0) break
        if (name === written || name === newest) continue
        victims.push(name)
        surplus -= sizeBytes
      }
      if (victims.length === 0) break
      const removed = await this.#drop(type, victims)
      dropped += removed
      if (removed === 0) break // the disk does not let go of them; the next write tries again
    }
    if (dropped > 0) log.info('dropped the oldest kept media', { type, files: dropped })
  }

  /** Deletes files that may be gone already: another process may be dropping the same ones. */
  async #drop(type: MediaType, names: readonly string[]): Promise<number> {
    const gone: string[] = []
    for (const name of names) {
      try {
        await this.#parts.files.remove(type, name)
        gone.push(name)
      } catch (thrown) {
        this.#parts.log.warn('a kept file cannot be deleted', { type, name, error: describeError(thrown) })
      }
    }
    this.#parts.index.remove(type, gone)
    return gone.length
  }

  async #removeStaleParts(type: MediaType): Promise<void> {
    const { files, clock } = this.#parts
    const folder = files.folder(type)
    const names = await readdir(folder).catch(() => []) // no folder yet: nothing was left behind
    for (const name of names.filter((one) => one.startsWith(PART_PREFIX))) {
      const path = join(folder, name)
      const facts = await stat(path).catch(() => undefined) // finished meanwhile
      if (facts && facts.mtimeMs < clock() - STALE_PART_SECONDS * 1000) await rm(path, { force: true })
    }
  }
}

function indexed({ name, sizeBytes, modifiedAt }: MediaFile): IndexedFile {
  return { name, sizeBytes, createdAt: modifiedAt }
}

const diskFaults: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk is full',
  EROFS: 'its folder can only be read',
  EACCES: 'its folder is closed to it',
  EPERM: 'its folder is closed to it',
  ENOTDIR: 'a file stands in the place of its folder',
  EEXIST: 'a file stands in the place of its folder',
  EIO: 'its disk fails',
  EMFILE: 'too many files are open',
}

/** What the disk says, in our words; anything else as it is. */
function asDiskFailure(thrown: unknown): unknown {
  if (thrown instanceof FileRefusal || thrown instanceof GatewayError || !(thrown instanceof Error))
    return thrown
  const fault = 'code' in thrown && typeof thrown.code === 'string' ? diskFaults[thrown.code] : undefined
  if (fault === undefined) return thrown
  return new GatewayError('unavailable', `The gateway cannot keep the file: ${fault}.`, { cause: thrown })
}
