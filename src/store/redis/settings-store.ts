import { z } from 'zod'
import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../../core/settings-document.ts'
import type { SettingsHistory, SettingsRevision } from '../contract.ts'
import { parseValues } from '../json-text.ts'
import type { RedisConnection } from './connection.ts'
import { findEntry, listNewest, type LogEntry } from './log-entries.ts'
import { appendRevision } from './log-scripts.ts'
import { parseFields, parseNumber } from './replies.ts'
import { saveSettings } from './settings-scripts.ts'

const HISTORY = 'settings-history'

const stored = z.object({
  at: z.number(),
  actor: z.string(),
  values: z.record(z.string(), z.unknown()),
})

/** The stored settings as one hash that is replaced whole. */
export function createRedisSettings(redis: RedisConnection): SettingsPersistence {
  return {
    load: async () => readDocument(parseFields(await redis.send(['HGETALL', `${redis.prefix}settings`]))),
    save: async (values, expectedVersion) => {
      const args = [redis.channel, redis.instance, expectedVersion, JSON.stringify(values)]
      const version = await redis.run(saveSettings, args)
      if (typeof version === 'string' && version !== '') return version
      throw new SettingsConflictError('The stored settings were changed in the meantime')
    },
  }
}

function readDocument(fields: Readonly<Record<string, string>>): SettingsDocument {
  const { version = '0', data = '{}' } = fields
  try {
    return { values: parseValues(data), version }
  } catch {
    // not the parser's words: they quote the text, and it may hold a secret
    return { values: {}, version, fault: 'the stored settings are not a JSON object' }
  }
}

/** Earlier versions of the settings on Redis. */
export function createRedisSettingsHistory(redis: RedisConnection): SettingsHistory {
  return {
    append: async ({ at, actor, values }) => {
      const text = JSON.stringify({ at, actor, values })
      return { id: parseNumber(await redis.run(appendRevision, [text])), at, actor, values }
    },
    list: async (page) => (await listNewest(redis, HISTORY, page)).map(parseRevision),
    find: async (id) => {
      const entry = await findEntry(redis, HISTORY, id)
      return entry && parseRevision(entry)
    },
  }
}

function parseRevision({ id, text }: LogEntry): SettingsRevision {
  return { ...stored.parse(JSON.parse(text)), id }
}
