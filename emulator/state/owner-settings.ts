/** What an account's owner has told the service, spec/upstream-media.md §15. */
export interface OwnerSettings {
  readonly accountTermsAccepted: boolean
  /** The version of the product's terms; null before any was accepted. */
  readonly productTermsVersion: number | null
  /** As it was sent; it can be set once. */
  readonly birthDate: string | null
  readonly nsfw: boolean
}

const NOTHING_SAID: OwnerSettings = {
  accountTermsAccepted: false,
  productTermsVersion: null,
  birthDate: null,
  nsfw: false,
}

/** The settings of every account, by token. */
export class OwnerSettingsTable {
  readonly #settings = new Map<string, OwnerSettings>()

  /** What the owner of a token has said so far. */
  view(token: string): OwnerSettings {
    return this.#settings.get(token) ?? NOTHING_SAID
  }

  /** Changes some of it. */
  change(token: string, changes: Partial<OwnerSettings>): void {
    this.#settings.set(token, { ...this.view(token), ...changes })
  }

  /** Back to nothing said. */
  clear(): void {
    this.#settings.clear()
  }
}
