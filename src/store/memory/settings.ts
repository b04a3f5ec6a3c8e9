import { SettingsConflictError, type SettingsPersistence } from '../../core/settings-document.ts'
import type { SettingsHistory, SettingsRevision } from '../contract.ts'

/** Settings that live in this process only. */
export function createMemorySettings(): SettingsPersistence {
  let text = '{}'
  let version = 0
  return {
    load: async () => ({ values: JSON.parse(text), version: String(version) }),
    save: async (values, expectedVersion) => {
      if (expectedVersion !== String(version))
        throw new SettingsConflictError('The stored settings were changed in the meantime')
      text = JSON.stringify(values)
      return String(++version)
    },
  }
}

/** Earlier versions of the settings, in this process only, oldest first in the given list. */
export function createMemorySettingsHistory(revisions: SettingsRevision[] = []): SettingsHistory {
  return {
    append: async (revision) => {
      const appended = { ...structuredClone(revision), id: revisions.length + 1 }
      revisions.push(appended)
      return appended
    },
    list: async ({ limit, beforeId = Number.POSITIVE_INFINITY }) =>
      revisions
        .filter(({ id }) => id < beforeId)
        .toReversed()
        .slice(0, limit),
    find: async (id) => revisions.find((revision) => revision.id === id),
  }
}
