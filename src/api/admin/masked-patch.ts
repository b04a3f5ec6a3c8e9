import { isDeepStrictEqual } from 'node:util'
import { definitionsByKey, groupNames, type SettingDefinition } from '../../config/definitions.ts'
import { isTable } from '../../config/raw-layers.ts'
import type { FieldFault } from './admin-error.ts'
import { MASK, maskSecret } from './mask.ts'

type Table = Readonly<Record<string, unknown>>

/** What a patch is resolved against. */
export interface PatchContext {
  /** The value in force. */
  readonly read: (key: string) => unknown
  readonly isLocked: (key: string) => boolean
}

/** A patch with the secrets that its masks stand for. */
export interface ResolvedPatch {
  readonly patch: Table
  readonly faults: readonly FieldFault[]
  /** The settings that are given a value, for the audit trail. */
  readonly keys: readonly string[]
}

const LIST_SEPARATOR = /[,\r\n]+/
const LEFT_AS_IT_IS = Symbol('left as it is')

/**
 * Takes out of a patch what a page sends back as it got it: masked secrets, and values of locked settings that are those
 * in force. In a list, a mask stands for the entry that it hides. The patch keeps its form, nested or dotted.
 */
export function resolveMasks(patch: Table, context: PatchContext): ResolvedPatch {
  const faults: FieldFault[] = []
  const keys: string[] = []
  const resolveMember = (key: string, value: unknown): unknown => {
    if (groupNames.has(key) && isTable(value)) return resolveTable(value, `${key}.`)
    const resolved = resolveValue(key, value, context)
    if (resolved === undefined) {
      faults.push({ key, message: 'is masked and hides none of the present values; give the whole value' })
      return LEFT_AS_IT_IS
    }
    if (resolved.value !== LEFT_AS_IT_IS) keys.push(key)
    return resolved.value
  }
  // Goes down only where the schema has groups, so its depth is bounded whatever the patch is.
  const resolveTable = (table: Table, prefix: string): Table =>
    Object.fromEntries(
      Object.entries(table)
        .map(([name, value]) => [name, resolveMember(prefix + name, value)] as const)
        .filter(([, value]) => value !== LEFT_AS_IT_IS),
    )
  return { patch: resolveTable(patch, ''), faults, keys }
}

/** The value to save; undefined for a mask that hides nothing. */
function resolveValue(key: string, value: unknown, context: PatchContext): { value: unknown } | undefined {
  const definition = definitionsByKey.get(key)
  if (!definition) return { value }
  const current = context.read(key)
  if (context.isLocked(key) && isDeepStrictEqual(value, current)) return { value: LEFT_AS_IT_IS }
  return definition.secret === true ? resolveSecret(definition, value, current) : { value }
}

function resolveSecret(
  { kind }: SettingDefinition,
  value: unknown,
  current: unknown,
): { value: unknown } | undefined {
  if (kind !== 'text-list' || !Array.isArray(current)) {
    if (!isMask(value)) return { value }
    return value === maskSecret(current) ? { value: LEFT_AS_IT_IS } : undefined
  }
  const items: unknown = typeof value === 'string' ? value.split(LIST_SEPARATOR) : value
  if (!Array.isArray(items) || !items.some(isMask)) return { value }
  const trimmed = items.map((item: unknown) => (typeof item === 'string' ? item.trim() : item))
  const hidden = current.map((secret: unknown) => ({ secret, mask: maskSecret(secret) }))
  if (
    isDeepStrictEqual(
      trimmed,
      hidden.map(({ mask }) => mask),
    )
  )
    return { value: LEFT_AS_IT_IS }
  return resolveItems(trimmed, hidden)
}

/** Puts secrets in the place of their masks, each once and in order, since two of them may look the same. */
function resolveItems(
  items: readonly unknown[],
  hidden: { secret: unknown; mask: unknown }[],
): { value: unknown } | undefined {
  const resolved: unknown[] = []
  for (const item of items) {
    if (!isMask(item)) {
      resolved.push(item)
      continue
    }
    const index = hidden.findIndex(({ mask }) => mask === item)
    const [found] = index < 0 ? [] : hidden.splice(index, 1)
    if (!found) return undefined
    resolved.push(found.secret)
  }
  return { value: resolved }
}

function isMask(value: unknown): boolean {
  return typeof value === 'string' && value.trim().startsWith(MASK)
}
