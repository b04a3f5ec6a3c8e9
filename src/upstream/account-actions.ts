import type { Account } from '../core/account.ts'
import { acceptTerms, setBirthDate, setNsfw } from './account-settings.ts'
import { identify, type AskParts } from './ask.ts'
import { deleteAsset, listAssets, type AssetPage } from './assets.ts'

/** The settings that bound these calls (`nsfw.timeout`, `asset.*`). */
export interface AccountActionSettings {
  readonly accountsUrl: string
  readonly timeoutSeconds: number
  readonly listTimeoutSeconds: number
  readonly deleteTimeoutSeconds: number
}

export interface AccountActionParts extends AskParts {
  readonly actionSettings: () => AccountActionSettings
}

/** Pages of files that one clearing goes through at most: 100,000 files. */
const MAX_PAGES = 1_000

/** What an operator may have done with one account at the upstream. */
export interface UpstreamAccountActions {
  setNsfw(account: Account, enabled: boolean, signal: AbortSignal): Promise<void>
  /** Accepts the terms in the owner's name; only ever called by an action that names them. */
  acceptTerms(account: Account, signal: AbortSignal): Promise<void>
  /** Sends the birth date (`YYYY-MM-DD`) that the owner gave. */
  setBirthDate(account: Account, birthDate: string, signal: AbortSignal): Promise<'set' | 'already-set'>
  listAssets(account: Account, pageToken: string | undefined, signal: AbortSignal): Promise<AssetPage>
  deleteAsset(account: Account, id: string, signal: AbortSignal): Promise<void>
  /** Deletes all files, page by page; returns how many. */
  clearAssets(account: Account, signal: AbortSignal): Promise<number>
}

/** The actions over a client's small calls. */
export function createAccountActions(parts: AccountActionParts): UpstreamAccountActions {
  const { call, actionSettings } = parts
  const as = (account: Account, signal: AbortSignal) => identify(parts, account, signal)
  const actions: UpstreamAccountActions = {
    setNsfw: (account, enabled, signal) =>
      setNsfw(call, as(account, signal), { enabled, timeoutSeconds: actionSettings().timeoutSeconds }),
    acceptTerms: (account, signal) => acceptTerms(call, as(account, signal), actionSettings()),
    setBirthDate: (account, birthDate, signal) =>
      setBirthDate(call, as(account, signal), { birthDate, timeoutSeconds: actionSettings().timeoutSeconds }),
    listAssets: (account, pageToken, signal) => {
      const timeoutSeconds = actionSettings().listTimeoutSeconds
      return listAssets(call, as(account, signal), {
        timeoutSeconds,
        ...(pageToken !== undefined && { pageToken }),
      })
    },
    deleteAsset: (account, id, signal) =>
      deleteAsset(call, as(account, signal), { id, timeoutSeconds: actionSettings().deleteTimeoutSeconds }),
    clearAssets: async (account, signal) => {
      let deleted = 0
      // always the first page: what was on it is gone
      for (let page = 0; page < MAX_PAGES; page++) {
        const { assets } = await actions.listAssets(account, undefined, signal)
        for (const { id } of assets) await actions.deleteAsset(account, id, signal)
        deleted += assets.length
        if (assets.length === 0) break
      }
      return deleted
    },
  }
  return actions
}
