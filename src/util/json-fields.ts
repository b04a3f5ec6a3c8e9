/** A JSON object from outside, of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Readers for loose input: what is missing or of another type is undefined, never an error (spec/upstream-chat.md §0.3). */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The objects of an array; what is none is left out. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return asArray(value).filter(isObject)
}

/** JSON text, or a value that is parsed already; undefined when it is neither. */
export function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined // loose by intent: the caller treats it like a missing field
  }
}

/** Whether a field says nothing: it is not there, or there and empty. */
export function isEmptyField(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
