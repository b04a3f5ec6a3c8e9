import { isObject, type JsonObject } from './frame.ts'

/** A function that the prompt describes, spec/upstream-chat.md §9.1. */
export interface DeclaredTool {
  readonly name: string
  readonly parameters: JsonObject
}

// The wording of the instruction block is the client's own, so only its layout is relied on: a line that ends in a
// function name, and a later line that ends in a JSON schema.
const NAME_LINE =
  /^[\s*#>-]*(?:\d+[.)]\s*)?(?:tool|function|name|tool[ _]name|function name)\b[^:\n]*:\s*[`"*]*([A-Za-z0-9_-]{1,64})[`"*]*\s*$/i

/** The functions that a prompt declares, in order. */
export function parseDeclaredTools(message: string): readonly DeclaredTool[] {
  const tools: DeclaredTool[] = []
  let name: string | null = null
  for (const line of message.split('\n')) {
    const named = NAME_LINE.exec(line)?.[1]
    if (named !== undefined) {
      if (name !== null) tools.push({ name, parameters: {} })
      name = named
      continue
    }
    const parameters = name === null ? null : parseSchemaAtEnd(line)
    if (name === null || parameters === null) continue
    tools.push({ name, parameters })
    name = null
  }
  if (name !== null) tools.push({ name, parameters: {} })
  return tools
}

/** Arguments that fit a JSON schema: every property gets a value of its type. */
export function exampleArguments(schema: JsonObject): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, exampleOf(property)]))
}

function parseSchemaAtEnd(line: string): JsonObject | null {
  const start = line.indexOf('{')
  if (start === -1) return null
  try {
    const parsed: unknown = JSON.parse(line.slice(start))
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

function exampleOf(schema: unknown): unknown {
  if (!isObject(schema)) return 'Oslo'
  const choices = schema['enum']
  if (Array.isArray(choices) && choices.length > 0) return choices[0]
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return 4
    case 'boolean':
      return true
    case 'array':
      return [exampleOf(schema['items'])]
    case 'object':
      return exampleArguments(schema)
    default:
      return 'Oslo'
  }
}
