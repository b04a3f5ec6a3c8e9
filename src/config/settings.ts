import { isDeepStrictEqual } from 'node:util'
import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../core/settings-document.ts'
import { settingDefinitions } from './definitions.ts'
import { getAtKey, setAtKey } from './document-path.ts'
import {
  generateSecret,
  isGeneratedKey,
  makeMissingSecrets,
  withStoredSecrets,
  wrapSecret,
  type GeneratedSecret,
} from './generated-secrets.ts'
import type { SettingOrigin, SettingsWarning } from './layers.ts'
import type { Environment } from './raw-layers.ts'
import { removeKeys } from './remove-keys.ts'
import type { Settings } from './schema.ts'
import { checkResetKeys, parseSettingsPatch } from './settings-patch.ts'
import { buildSettingsState, readSecretsInForce, type SettingsState } from './settings-state.ts'

/** What a settings service is opened with. */
export interface SettingsServiceOptions {
  readonly persistence: SettingsPersistence
  readonly environment: Environment
  /** Told when a listener throws; without it the error reaches whoever caused the change. */
  readonly onListenerError?: (error: unknown) => void
}

/** How a save is made. */
export interface SaveOptions {
  /** Refuses the save unless the stored document is at this version. */
  readonly expectedVersion?: string
  /** Keys whose stored values are removed. */
  readonly reset?: readonly string[]
}

/** Called after the snapshot was swapped, and only if a value differs. */
export type SettingsListener = (settings: Settings, previous: Settings) => void

type Values = Readonly<Record<string, unknown>>

/** How often a change is laid over a document that others keep changing before it gives up. */
const SAVE_ATTEMPTS = 5
const NO_FALLBACKS: ReadonlyMap<string, unknown> = new Map()

/** The live settings: one frozen snapshot, replaced as a whole by a save or by a reload. */
export class SettingsService {
  readonly #options: SettingsServiceOptions
  readonly #persistence: SettingsPersistence
  readonly #listeners = new Set<SettingsListener>()
  #state: SettingsState
  #queue: Promise<unknown> = Promise.resolve()

  private constructor(options: SettingsServiceOptions, document: SettingsDocument) {
    this.#options = options
    this.#persistence = options.persistence
    const { environment } = options
    this.#state = buildSettingsState(document, { environment, lastReadable: {}, fallbacks: NO_FALLBACKS })
  }

  /** Loads the stored settings; what is wrong in them becomes a warning, never an exception. */
  static async open(options: SettingsServiceOptions): Promise<SettingsService> {
    return new SettingsService(options, await options.persistence.load())
  }

  /** The snapshot in force; hold it for one request to see one consistent set of values. */
  get current(): Settings {
    return this.#state.settings
  }

  /** What the operator should look at. */
  get warnings(): readonly SettingsWarning[] {
    return this.#state.warnings
  }

  /** The version of the stored document; hand it to `save` to refuse a change over somebody else's. */
  get version(): string {
    return this.#state.version
  }

  /** The stored overrides in force, nested: secrets in the clear. */
  get stored(): Values {
    return this.#state.values
  }

  /** The layer a value comes from; `undefined` for a key that is not a setting. */
  origin(key: string): SettingOrigin | undefined {
    return this.#state.origins.get(key)
  }

  /** The values that the stored document gives, by key; what is no setting, or not good, is not among them. */
  storedValues(): ReadonlyMap<string, unknown> {
    const stored = settingDefinitions.filter(({ key }) => this.origin(key) === 'stored')
    return new Map(stored.map(({ key }) => [key, getAtKey(this.#state.settings, key)]))
  }

  /** Calls the listener after each change until the returned function is called. */
  subscribe(listener: SettingsListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /**
   * Stores a patch, nested or with dotted keys, and puts it in force. Throws `SettingsFaultError` with every fault, or
   * `SettingsConflictError` when the stored document is not at `expectedVersion`; nothing is changed then. The stored
   * values of the keys in `reset` are removed in the same step.
   */
  save(patch: unknown, options: SaveOptions = {}): Promise<Settings> {
    const { expectedVersion, reset = [] } = options
    return this.#inTurn(async () => {
      const changes = parseSettingsPatch(patch, (key) => this.#findLock(key))
      this.#checkReset(reset)
      const edit = (values: Values): Values =>
        [...changes].reduce((edited, [key, value]) => setAtKey(edited, key, value), removeKeys(values, reset))
      return this.#commit(edit, expectedVersion)
    })
  }

  /**
   * Removes the stored values of these keys, which may be no settings; throws `SettingsFaultError` for locked and
   * generated ones, and for those that are neither a setting nor stored.
   */
  reset(keys: readonly string[]): Promise<Settings> {
    return this.#inTurn(async () => {
      this.#checkReset(keys)
      return this.#commit((values) => removeKeys(values, keys))
    })
  }

  /** Reloads if the stored version changed; answers whether a value did. A document that cannot be read leaves the snapshot in force. */
  refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      const document = await this.#persistence.load()
      return document.version !== this.#state.version && this.#adopt(document)
    })
  }

  /**
   * Makes up the admin and API keys that no layer gives, and returns them for the caller to print once. Must be called
   * before the first request is served: until then a missing API key reads as none.
   */
  ensureGenerated(options: { readonly generate?: () => string } = {}): Promise<readonly GeneratedSecret[]> {
    const { generate = generateSecret } = options
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const generated = await this.#tryGenerate(generate, attempt < SAVE_ATTEMPTS)
        if (generated !== 'conflict') return generated
      }
    })
  }

  async #tryGenerate(
    generate: () => string,
    mayRetry: boolean,
  ): Promise<readonly GeneratedSecret[] | 'conflict'> {
    const document = await this.#persistence.load()
    const { origins } = this.#build(document, NO_FALLBACKS)
    const generated = makeMissingSecrets({ origins, document, generate })
    const values = withStoredSecrets(document.values, generated)
    let outcome = document
    let problem: string | undefined
    try {
      if (values !== document.values) {
        outcome = { values, version: await this.#persistence.save(values, document.version) }
      }
    } catch (error) {
      if (error instanceof SettingsConflictError && mayRetry) return 'conflict'
      // A read-only disk must not prevent a start, and certainly not lead to one without keys.
      problem = String(error)
    }
    this.#adopt(outcome, new Map(generated.map(({ key, value }) => [key, wrapSecret(key, value)])))
    if (problem === undefined) return generated
    return generated.map(({ key, value }) => ({ key, value, stored: false, problem }))
  }

  /** Changes are made one after another, so that each starts from the outcome of the one before. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(task)
    // The caller gets the failure; the next in the queue only waits for the end.
    this.#queue = Promise.allSettled([result])
    return result
  }

  async #commit(edit: (values: Values) => Values, expectedVersion?: string): Promise<Settings> {
    for (let attempt = 1; ; attempt += 1) {
      const document = await this.#persistence.load()
      if (expectedVersion !== undefined && document.version !== expectedVersion) {
        throw new SettingsConflictError('The stored settings were changed in the meantime')
      }
      // Over a document that became unreadable, what it last said is saved again, not the bare change.
      const values = edit(document.fault === undefined ? document.values : this.#state.values)
      const version = await this.#trySave(values, document.version, attempt < SAVE_ATTEMPTS)
      if (version !== undefined) {
        this.#adopt({ values, version })
        return this.current
      }
    }
  }

  async #trySave(values: Values, expectedVersion: string, mayRetry: boolean): Promise<string | undefined> {
    try {
      return await this.#persistence.save(values, expectedVersion)
    } catch (error) {
      if (error instanceof SettingsConflictError && mayRetry) return undefined
      throw error
    }
  }

  #build(document: SettingsDocument, fallbacks: ReadonlyMap<string, unknown>): SettingsState {
    const { environment } = this.#options
    return buildSettingsState(document, { environment, lastReadable: this.#state.values, fallbacks })
  }

  /** The one place where the snapshot is swapped. */
  #adopt(document: SettingsDocument, fallbacks = readSecretsInForce(this.#state)): boolean {
    const previous = this.#state.settings
    this.#state = this.#build(document, fallbacks)
    if (isDeepStrictEqual(previous, this.current)) return false
    this.#notify(previous)
    return true
  }

  #notify(previous: Settings): void {
    const { onListenerError } = this.#options
    const errors: unknown[] = []
    for (const listener of this.#listeners) {
      try {
        listener(this.current, previous)
      } catch (error) {
        if (onListenerError === undefined) errors.push(error)
        else onListenerError(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'A listener of the settings failed')
  }

  #checkReset(keys: readonly string[]): void {
    checkResetKeys(keys, this.#state.values, (key) => this.#findLock(key) ?? findResetObstacle(key))
  }

  #findLock(key: string): string | undefined {
    return this.origin(key) === 'environment' ? 'is locked: an environment variable sets it' : undefined
  }
}

function findResetObstacle(key: string): string | undefined {
  return isGeneratedKey(key) ? 'has no default to return to; save a new value instead' : undefined
}
