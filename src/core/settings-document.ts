/** The stored overrides as one nested document, as a back end hands them over. */
export interface SettingsDocument {
  readonly values: Readonly<Record<string, unknown>>
  /** Opaque: changes whenever the stored document changes. */
  readonly version: string
  /** Why the stored document could not be read; `values` is empty then. */
  readonly fault?: string
}

/** Where stored overrides live; a file, a table and a Redis hash all fit behind it. */
export interface SettingsPersistence {
  /** Reads the stored document; a document that does not parse is a `fault`, not an exception. */
  load(): Promise<SettingsDocument>
  /** Replaces the whole document atomically and returns its new version; throws `SettingsConflictError` when it is no longer at `expectedVersion`. */
  save(values: Readonly<Record<string, unknown>>, expectedVersion: string): Promise<string>
}

/** Somebody else changed (or is changing) the stored settings; reading again and retrying is safe. */
export class SettingsConflictError extends Error {
  override readonly name = 'SettingsConflictError'
}
