import { asArray, asObject, asString } from '../util/json-fields.ts'
import { parseJsonText, repairJson } from '../util/json-repair.ts'

/** A call as it stands in an answer, nothing of it checked. */
export interface RawCall {
  readonly name: string
  readonly body: string
}

/** The forms in which an answer may call tools (spec/upstream-chat.md §9.2, 9.3). */
export type BlockKind = 'tool_calls' | 'tool_call' | 'function_call' | 'invoke' | 'json'

/** What ends a block of each kind; JSON ends where its brackets do. */
export const blockEnds: Readonly<Record<Exclude<BlockKind, 'json'>, RegExp>> = {
  tool_calls: /<\/tool_calls\s*>/gi,
  tool_call: /<\/tool_call\s*>/gi,
  function_call: /<\/function_call\s*>/gi,
  invoke: /<\/invoke\s*>/gi,
}

/** A call ends where one of its elements has ended before: its input may speak of such tags. */
const CALL =
  /<tool_call\s*>([\s\S]*?<\/(?:parameters|arguments|input|(?:tool_)?name)\s*>\s*)<\/tool_call\s*>/gi
const FUNCTION_CALL =
  /<function_call\s*>\s*<name\s*>([\s\S]*?)<\/name\s*>\s*(?:<(arguments|parameters)\s*>([\s\S]*)<\/\2\s*>)?\s*<\/function_call\s*>/i
const INVOKE = /<invoke\s+name\s*=\s*["']?([\w.-]+)["']?\s*>([\s\S]*)<\/invoke\s*>/i
const PARAMETER = /<parameter\s+name\s*=\s*["']?([\w.-]+)["']?\s*>([\s\S]*?)<\/parameter\s*>/gi

/** The calls in a whole block; none if it is not what it looked like. */
export function parseBlock(kind: BlockKind, text: string): readonly RawCall[] {
  switch (kind) {
    case 'tool_calls':
    case 'tool_call':
      return Array.from(text.matchAll(CALL), ([, inner = '']) => parseCall(inner)).flatMap(
        (call) => call ?? [],
      )
    case 'function_call': {
      const [, name = '', , body = ''] = FUNCTION_CALL.exec(text) ?? []
      return name.trim() === '' ? [] : [{ name: name.trim(), body }]
    }
    case 'invoke': {
      const [, name = '', body = ''] = INVOKE.exec(text) ?? []
      return name === '' ? [] : [{ name, body: parseParameters(body) ?? body }]
    }
    default:
      return parseJsonCalls(text)
  }
}

function parseCall(inner: string): RawCall | undefined {
  const name = /<(?:tool_)?name\s*>\s*([\s\S]*?)\s*<\/(?:tool_)?name\s*>/i.exec(inner)?.[1]
  if (name === undefined || name === '') return undefined
  // the last closing tag, since the input itself may speak of such tags
  const body = /<(parameters|arguments|input)\s*>([\s\S]*)<\/\1\s*>/i.exec(inner)?.[2]
  return { name, body: body ?? '' }
}

/** `<parameter name="x">value</parameter>` children as a JSON object; undefined if there are none. */
function parseParameters(body: string): string | undefined {
  const entries = Array.from(body.matchAll(PARAMETER), ([, name = '', value = '']): [string, unknown] => [
    name,
    parseJsonText(value) ?? value,
  ])
  return entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries))
}

function parseJsonCalls(text: string): readonly RawCall[] {
  const value = parseJsonText(text) ?? parseJsonText(repairJson(text))
  const items = Array.isArray(value) ? value : asArray(asObject(value)?.['tool_calls'])
  const calls = items.map(parseJsonCall)
  // a list in which some entries are no calls is data, not a request
  return calls.some((call) => !call) ? [] : calls.flatMap((call) => call ?? [])
}

function parseJsonCall(item: unknown): RawCall | undefined {
  const outer = asObject(item)
  const fields = asObject(outer?.['function']) ?? outer
  const name = asString(fields?.['name']) ?? asString(fields?.['tool_name'])
  const input = fields?.['arguments'] ?? fields?.['parameters'] ?? fields?.['input']
  if (name === undefined || input === undefined) return undefined
  return { name, body: typeof input === 'string' ? input : JSON.stringify(input) }
}
