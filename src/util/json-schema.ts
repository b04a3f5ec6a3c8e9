import { Validator, type Schema } from '@cfworker/json-schema'
import type { JsonObject } from './json-fields.ts'

/** A JSON schema that has been read once, to check many values with. */
export interface JsonSchema {
  /** What is wrong with the value, in words that name the place; undefined if it fits. */
  findFault(value: unknown): string | undefined
}

/**
 * Reads a schema (drafts 4 to 2020-12 alike). It is interpreted, never compiled to code: schemas come from callers. One
 * that cannot be understood lets everything pass, since the upstream cannot be held to it.
 */
export function readJsonSchema(schema: JsonObject): JsonSchema {
  // the library's type names the keywords; what is no schema makes it throw, which is caught below
  const validator = tryTo(() => new Validator(schema as Schema, '2020-12'))
  return {
    findFault: (value) => {
      const result = validator && tryTo(() => validator.validate(value))
      if (!result || result.valid) return undefined
      const innermost = result.errors.at(-1)
      const place = innermost?.instanceLocation.replace(/^#\/?/, '') ?? ''
      return `${place === '' ? 'the value' : place}: ${innermost?.error ?? 'does not fit the schema'}`
    },
  }
}

function tryTo<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
