import { textMessage, type ChatMessage } from '../../../core/chat-request.ts'
import type { OutputFormat } from '../../../core/output-format.ts'
import type { ToolUse } from '../../../core/tools.ts'
import { refuse } from '../../chat-door.ts'
import { loadHistory, resolveReferences, type History, type Shelf } from './history.ts'
import { listInput } from './input-items.ts'
import { addItemTools, parseItems, type PlacedItem } from './parse-items.ts'
import { parseToolChoice } from './parse-tool-choice.ts'
import { ToolList } from './parse-tools.ts'
import type { ConversationBody } from './schema-body.ts'
import type { ToolNames } from './tool-names.ts'
import type { JsonObject } from '../../../util/json-fields.ts'

/** What a request says of its conversation, in our words. */
export interface Conversation {
  readonly messages: readonly ChatMessage[]
  readonly tools?: ToolUse
  readonly outputFormat?: OutputFormat
  readonly hostedSearch: boolean
  readonly names: ToolNames
  /** The request's own items, references resolved. */
  readonly input: readonly JsonObject[]
  readonly history: History
}

const SEARCH_INSTRUCTION = 'Search before you answer, and base the answer on what you find.'

/** Parses the conversation of a request, with the kept turns that it goes on from. */
export async function parseConversation(body: ConversationBody, shelf: Shelf): Promise<Conversation> {
  if (body.conversation !== null && body.conversation !== undefined)
    throw refuse('conversation', 'conversations are not kept here; use previous_response_id')
  const input = await resolveReferences(listInput(body.input), shelf)
  const history = await loadHistory(shelf, body.previous_response_id)
  const items = placeItems(history, input)
  const list = new ToolList()
  list.add(body.tools ?? [], 'tools', 'refuse')
  addItemTools(items, list)
  const { search, ...choice } = parseToolChoice(body.tool_choice, list)
  const messages = parseItems(items, list.names)
  if (!messages.some(({ content }) => content.length > 0)) throw refuse('input', 'must hold a message')
  const outputFormat = parseFormat(body)
  return {
    messages: [
      ...(body.instructions ? [textMessage('system', body.instructions)] : []),
      ...messages,
      ...(search ? [textMessage('system', SEARCH_INSTRUCTION)] : []),
    ],
    ...(list.tools.length > 0 && {
      tools: { tools: list.tools, parallel: body.parallel_tool_calls ?? true, ...choice },
    }),
    ...(outputFormat && { outputFormat }),
    hostedSearch: list.hostedSearch && body.tool_choice !== 'none',
    names: list.names,
    input,
    history,
  }
}

function placeItems(history: History, input: readonly JsonObject[]): readonly PlacedItem[] {
  return [
    ...history.items.map((item) => ({ item, path: 'previous_response_id' })),
    ...input.map((item, index) => ({ item, path: `input.${index}` })),
  ]
}

function parseFormat({ text }: ConversationBody): OutputFormat | undefined {
  const format = text?.format
  if (!format || format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json-object' }
  const { name, description, schema } = format
  return { type: 'json-schema', name, schema, ...(description && { description }) }
}
