import type { Tool, ToolInput } from '../core/tools.ts'
import { asObject, type JsonObject } from '../util/json-fields.ts'
import { parseJsonText, repairJson } from '../util/json-repair.ts'
import { readJsonSchema, type JsonSchema } from '../util/json-schema.ts'
import { TEXT_INPUT } from './tool-prompt.ts'

const schemas = new WeakMap<ToolInput, JsonSchema>()

/**
 * The input of a call as its tool takes it: the text of one JSON object, or free text. What is broken is mended once; of
 * what does not fit the schema even then, a strict tool gets nothing (undefined), any other the object as it is.
 */
export function checkToolInput(raw: string, { input }: Tool): string | undefined {
  return input.type === 'text' ? readFreeText(raw) : readObject(raw, input)
}

function readFreeText(raw: string): string {
  const text = asObject(parseJsonText(raw) ?? parseJsonText(repairJson(raw)))?.[TEXT_INPUT]
  if (typeof text === 'string') return text
  return raw.replace(/^\r?\n/, '').replace(/\r?\n[ \t]*$/, '') // the free text itself, without the lines of its tags
}

function readObject(raw: string, input: Extract<ToolInput, { type: 'json' }>): string | undefined {
  const object = parseObject(raw)
  if (!object) return undefined
  const schema = schemas.get(input) ?? readJsonSchema(input.schema)
  schemas.set(input, schema)
  if (schema.findFault(object) === undefined) return JSON.stringify(object)
  const mended = mendTypes(object, input.schema)
  if (schema.findFault(mended) === undefined) return JSON.stringify(mended)
  return input.strict ? undefined : JSON.stringify(object)
}

function parseObject(raw: string): JsonObject | undefined {
  const text = raw.trim()
  if (text === '') return {}
  const value =
    parseJsonText(text) ?? parseJsonText(repairJson(text)) ?? parseJsonText(repairJson(unescapeXml(text)))
  // an object inside a JSON string is a fault of its own kind that models make
  return asObject(typeof value === 'string' ? parseJsonText(value) : value)
}

/** Gives the top-level values the types that the schema asks for, where that loses nothing: `"4"` becomes 4. */
function mendTypes(object: JsonObject, schema: JsonObject): JsonObject {
  const properties = asObject(schema['properties']) ?? {}
  const entries = Object.entries(object).map(([name, value]): [string, unknown] => [
    name,
    mendType(value, asObject(properties[name])?.['type']),
  ])
  return Object.fromEntries(entries)
}

function mendType(value: unknown, type: unknown): unknown {
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return String(value)
  if (typeof value !== 'string') return type === 'array' && !Array.isArray(value) ? [value] : value
  if (type === 'array' || type === 'object')
    return parseJsonText(value) ?? (type === 'array' ? [value] : value)
  if (type !== 'number' && type !== 'integer' && type !== 'boolean') return value
  return parseJsonText(value) ?? value
}

function unescapeXml(text: string): string {
  const characters: Readonly<Record<string, string>> = {
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    '#39': "'",
    amp: '&',
  }
  return text.replaceAll(/&(lt|gt|quot|apos|#39|amp);/g, (entity, name: string) => characters[name] ?? entity)
}
