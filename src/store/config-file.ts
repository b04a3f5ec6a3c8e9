import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parse, stringify, TomlError } from 'smol-toml'
import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../core/settings-document.ts'
import { withFileLock, type FileLockTiming } from './config-file-lock.ts'
import { writeFileAtomically } from './config-file-write.ts'

/** Where the file is and, for tests, how time passes. */
export interface ConfigFileOptions {
  readonly path: string
  readonly now?: () => Date
  readonly lockTiming?: Partial<FileLockTiming>
}

type Values = SettingsDocument['values']

const SIZE_LIMIT_BYTES = 4 * 1024 * 1024
const VERSION_WITHOUT_FILE = 'absent'
const VERSION_UNREADABLE = 'unreadable'

const HEADER = `# Stored settings of grok2api. This file is managed: a save from the admin console rewrites it and keeps every key,
# but not comments or order. The version before the last save is in the file of the same name with .bak at its end.
# All keys are described in docs/config.md; what is not set here has its default.

`

/** The stored overrides as one TOML file, replaced atomically and guarded against writers in other processes. */
export class ConfigFile implements SettingsPersistence {
  readonly #path: string
  readonly #now: () => Date
  readonly #lockTiming: Partial<FileLockTiming>
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ path, now = () => new Date(), lockTiming = {} }: ConfigFileOptions) {
    this.#path = path
    this.#now = now
    this.#lockTiming = lockTiming
  }

  /** Reads the file; a missing one is an empty document, an unreadable one an empty document with a fault. */
  async load(): Promise<SettingsDocument> {
    try {
      return readDocument(await this.#readBytes())
    } catch (error) {
      return { values: {}, version: VERSION_UNREADABLE, fault: String(error) }
    }
  }

  /**
   * Replaces the file with mode 600 and keeps the previous one as `.bak`; one that does not parse is kept as
   * `.broken-<time>` instead. Throws `SettingsConflictError` when the file is not at `expectedVersion` or stays locked.
   */
  save(values: Values, expectedVersion: string): Promise<string> {
    const result = this.#queue.then(() => this.#replace(values, expectedVersion))
    // The caller gets the failure; the next in the queue only waits for the end.
    this.#queue = Promise.allSettled([result])
    return result
  }

  async #replace(values: Values, expectedVersion: string): Promise<string> {
    // Written out before anything is touched: what cannot be written out leaves the file as it is.
    const bytes = new TextEncoder().encode(HEADER + stringify(values))
    await mkdir(dirname(this.#path), { recursive: true })
    return withFileLock(`${this.#path}.lock`, this.#lockTiming, async () => {
      const present = await this.#readBytes()
      const { version, fault } = readDocument(present)
      if (version !== expectedVersion) {
        throw new SettingsConflictError('The settings file was changed in the meantime')
      }
      if (present !== undefined) await writeFileAtomically(this.#path + this.#keepSuffix(fault), present)
      await writeFileAtomically(await this.#resolveTarget(), bytes)
      return readDocument(bytes).version
    })
  }

  #keepSuffix(fault: string | undefined): string {
    return fault === undefined ? '.bak' : `.broken-${this.#now().toISOString().replaceAll(':', '-')}`
  }

  async #readBytes(): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** A link stays a link: the file it leads to is replaced. */
  async #resolveTarget(): Promise<string> {
    try {
      return await realpath(this.#path)
    } catch (error) {
      if (isMissing(error)) return this.#path
      throw error
    }
  }
}

function readDocument(bytes: Uint8Array | undefined): SettingsDocument {
  if (bytes === undefined) return { values: {}, version: VERSION_WITHOUT_FILE }
  const version = createHash('sha256').update(bytes).digest('hex')
  if (bytes.length > SIZE_LIMIT_BYTES) {
    return { values: {}, version, fault: `the file is larger than ${SIZE_LIMIT_BYTES} bytes` }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { values: parse(text, { integersAsBigInt: 'asNeeded' }), version }
  } catch (error) {
    return { values: {}, version, fault: describeParseError(error) }
  }
}

// The library's message quotes the line, and a line may hold a secret: only the place is told.
function describeParseError(error: unknown): string {
  return error instanceof TomlError
    ? `the file is not valid TOML at line ${error.line}, column ${error.column}`
    : 'the file is not readable as UTF-8 TOML'
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
