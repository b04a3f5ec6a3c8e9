import { z } from 'zod'
import {
  textMessage,
  type AssistantMessage,
  type ChatMessage,
  type PastToolCall,
} from '../../../core/chat-request.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { refuse } from '../../chat-door.ts'
import { unpackSummary } from './compaction.ts'
import { parseAt } from './parse-at.ts'
import { parseContent } from './parse-parts.ts'
import type { ToolList } from './parse-tools.ts'
import type { ToolNames } from './tool-names.ts'

/** An item of a conversation and where it stands in the request, for errors. */
export interface PlacedItem {
  readonly item: JsonObject
  readonly path: string
}

const roles = { user: 'user', assistant: 'assistant', system: 'system', developer: 'system' } as const

const message = z.object({
  role: z.enum(['user', 'assistant', 'system', 'developer'], {
    error: "must be 'user', 'assistant', 'system' or 'developer'",
  }),
  content: z.unknown(),
  phase: z.enum(['commentary', 'final_answer']).nullish(),
})
const callId = z.string({ error: 'must be the id of a call' }).min(1)
const call = z.object({
  call_id: callId,
  name: z.string({ error: 'must be the name of a tool' }),
  namespace: z.string().nullish(),
})
const functionCall = call.extend({ arguments: z.string({ error: 'must be a string' }) })
const customCall = call.extend({ input: z.string({ error: 'must be a string' }) })
const callOutput = z.object({ call_id: callId, output: z.unknown() })
const searchCall = z.object({ call_id: z.string().nullish(), arguments: z.unknown() })
const moreTools = z.object({
  call_id: z.string().nullish(),
  tools: z.array(z.unknown(), { error: 'must be an array of tools' }),
})
const imageCall = z.object({ result: z.string({ error: 'must be base64' }).nullish() })
const compaction = z.object({ encrypted_content: z.string({ error: 'must be a string' }) })

/** Items that say nothing to the model: its own thinking, and searches whose outcome stands in its answer. */
const silentItems = new Set(['reasoning', 'web_search_call', 'x_search_call'])

/** Takes in the tools that items of the conversation bring along. */
export function addItemTools(items: readonly PlacedItem[], list: ToolList): void {
  for (const { item, path } of items) {
    const type = item['type']
    if (type !== 'additional_tools' && type !== 'tool_search_output') continue
    list.add(parseAt(moreTools, item, path).tools, `${path}.tools`, 'skip')
  }
}

/** Parses the items of a conversation; what is not served is refused by name. */
export function parseItems(items: readonly PlacedItem[], names: ToolNames): readonly ChatMessage[] {
  const messages: ChatMessage[] = []
  for (const placed of items) addItem(placed, names, messages)
  return messages
}

function addItem({ item, path }: PlacedItem, names: ToolNames, messages: ChatMessage[]): void {
  const type = item['type']
  switch (type) {
    case 'message':
      messages.push(parseMessage(item, path))
      return
    case 'function_call':
    case 'custom_tool_call':
    case 'tool_search_call':
      addCall(parseCall(item, path, names), messages)
      return
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const { call_id: callId, output } = parseAt(callOutput, item, path)
      messages.push({ role: 'tool', callId, content: parseContent(output, `${path}.output`) })
      return
    }
    case 'tool_search_output':
      messages.push(parseSearchOutput(item, path))
      return
    case 'image_generation_call':
      messages.push(parseImageCall(item, path))
      return
    case 'compaction':
    case 'compaction_summary':
      messages.push(parseCompaction(item, path))
      return
    default:
      if (type === 'additional_tools' || (typeof type === 'string' && silentItems.has(type))) return
      throw refuse(`${path}.type`, `items of type '${String(type)}' are not served`)
  }
}

function parseMessage(item: JsonObject, path: string): ChatMessage {
  const { role, content } = parseAt(message, item, path)
  return { role: roles[role], content: parseContent(content, `${path}.content`) }
}

function parseCall(item: JsonObject, path: string, names: ToolNames): PastToolCall {
  if (item['type'] === 'tool_search_call') {
    const { call_id, arguments: sought } = parseAt(searchCall, item, path)
    const input = typeof sought === 'string' ? sought : JSON.stringify(sought ?? {})
    return { id: call_id ?? path, name: names.nameOf({ type: 'tool-search' }), input }
  }
  const isCustom = item['type'] === 'custom_tool_call'
  const { call_id: id, name, namespace } = parseAt(call, item, path)
  const input = isCustom ? parseAt(customCall, item, path).input : parseAt(functionCall, item, path).arguments
  const target = {
    type: isCustom ? ('custom' as const) : ('function' as const),
    name,
    ...(namespace && { namespace }),
  }
  return { id, name: names.nameOf(target), input }
}

/** A call belongs to the answer before it, whatever items that answer was made of. */
function addCall(call: PastToolCall, messages: ChatMessage[]): void {
  const last = messages.at(-1)
  const answer: AssistantMessage = last?.role === 'assistant' ? last : { role: 'assistant', content: [] }
  if (answer === last) messages.pop()
  messages.push({ ...answer, toolCalls: [...(answer.toolCalls ?? []), call] })
}

/** A picture of an earlier answer, which an edit can start from. */
function parseImageCall(item: JsonObject, path: string): ChatMessage {
  const { result } = parseAt(imageCall, item, path)
  const param = `${path}.result`
  if (!result) return { role: 'assistant', content: [] }
  return { role: 'assistant', content: [{ type: 'file', source: { type: 'base64', data: result }, param }] }
}

function parseSearchOutput(item: JsonObject, path: string): ChatMessage {
  const { call_id, tools } = parseAt(moreTools, item, path)
  const text = `${tools.length} tools were found; they are among the tools that you can call.`
  return { role: 'tool', callId: call_id ?? path, content: [{ type: 'text', text }] }
}

function parseCompaction(item: JsonObject, path: string): ChatMessage {
  const summary = unpackSummary(parseAt(compaction, item, path).encrypted_content)
  if (summary === undefined)
    throw refuse(`${path}.encrypted_content`, 'was not written by this gateway; it cannot be read')
  return textMessage('system', `Summary of the conversation so far:\n${summary}`)
}
