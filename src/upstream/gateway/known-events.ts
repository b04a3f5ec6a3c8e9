import type { JsonObject } from '../../util/json-fields.ts'

/** Events that are known and need nothing done (spec/upstream-chat.md §5.2.1). */
const quietEvents: ReadonlySet<unknown> = new Set([
  'session.created',
  'conversation.attached',
  'conversation.item.added',
  'conversation.history.item',
  'conversation.title.updated',
  'response.created',
  'response.content_part.done',
  'response.output_item.done',
  'response.persisted',
])

/** Parts of a chunk that are known, whether we use them or not (§5.2.2). */
const knownParts: ReadonlySet<string> = new Set([
  'metadata',
  'text',
  'tool_usage_card',
  'tool_result',
  'tool_partial_result',
  'client_tool_call',
  'render_citation',
  'render_searched_image',
  'render_start',
  'render_generated_image',
  'render_edited_image',
  'render_file_preview',
  'ui_layout',
  'progress_report',
  'follow_up_suggestions',
  'user_input_request',
])

/** Names an event that nothing here knows. */
export function unknownEvent({ type }: JsonObject): string | undefined {
  if (quietEvents.has(type)) return undefined
  return typeof type === 'string' ? `event ${type}` : 'event without a type'
}

/** Names a part of a chunk that nothing here knows. */
export function unknownPart(chunk: JsonObject): string | undefined {
  const name = Object.keys(chunk).find((key) => !knownParts.has(key))
  return name === undefined ? undefined : `chunk with ${name}`
}
