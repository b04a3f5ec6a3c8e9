import { asObject, asString, type JsonObject } from '../../util/json-fields.ts'

/** Events that are known and need nothing done (spec/upstream-chat.md §5.2.1). */
const quietEvents = [
  'session.created',
  'conversation.attached',
  'conversation.item.added',
  'conversation.history.item',
  'conversation.title.updated',
  'response.created',
  'response.content_part.done',
  'response.output_item.done',
  'response.persisted',
]

/** All that are known. */
const knownEvents: ReadonlySet<unknown> = new Set([
  ...quietEvents,
  'response.chunk',
  'response.output_text.delta',
  'response.output_text.done',
  'response.search.result',
  'response.grok.output',
  'response.done',
  'error',
  'response.error',
  'session.ended',
])

/** Parts of a chunk that are read, each an object (§5.2.2). */
const readParts = [
  'text',
  'tool_usage_card',
  'tool_result',
  'render_citation',
  'render_searched_image',
  'render_generated_image',
  'render_edited_image',
]

/** Those that are known as well, and of no use to us, whatever is in them. */
const quietParts = [
  'metadata',
  'tool_partial_result',
  'client_tool_call',
  'render_start',
  'render_file_preview',
  'ui_layout',
  'progress_report',
  'follow_up_suggestions',
  'user_input_request',
]

const knownParts: ReadonlySet<string> = new Set([...readParts, ...quietParts])
const textFields: ReadonlySet<string> = new Set(['text', 'channel'])
const outputFields: ReadonlySet<string> = new Set(['stream_error', 'card_attachment'])

/** Names an event that nothing here knows. */
export function unknownEvent({ type }: JsonObject): string | undefined {
  return knownEvents.has(type) ? undefined : `event ${String(type)}`
}

/** Names what nothing here knows of an event before the turn. */
export function unknownConfirmation(event: JsonObject): string | undefined {
  const isNameless =
    event['type'] === 'conversation.attached' && !asString(asObject(event['conversation'])?.['id'])
  return isNameless ? oddShape('conversation.attached') : unknownEvent(event)
}

/** Names what nothing here knows in a chunk: a part, or the shape of one. */
export function unknownPart(chunk: JsonObject): string | undefined {
  const odd = readParts.find((part) => isOdd(chunk[part]))
  return odd === undefined ? unknownField('chunk', chunk, knownParts) : oddShape(`chunk ${odd}`)
}

/** Names what nothing here knows in the text part of a chunk. */
export function unknownText(text: JsonObject): string | undefined {
  const { text: said } = text
  if (said !== undefined && said !== null && typeof said !== 'string') return oddShape('chunk text')
  return unknownField('chunk text', text, textFields)
}

/** Names what nothing here knows in the output of an event. */
export function unknownOutput(output: JsonObject): string | undefined {
  return unknownField('output', output, outputFields)
}

/** Names a frame that is JSON and no envelope: an object without an event, or no object at all. */
export function unknownFrame(frame: unknown): string {
  const fields = asObject(frame)
  if (!fields) return oddShape('frame')
  return asObject(fields['event'])
    ? 'event without a type'
    : `frame with ${Object.keys(fields)[0] ?? 'nothing'}`
}

/** What is known by its name, and not by what is in it. */
export function oddShape(name: string): string {
  return `${name} of another shape`
}

function unknownField(name: string, fields: JsonObject, known: ReadonlySet<string>): string | undefined {
  const field = Object.keys(fields).find((key) => !known.has(key))
  return field === undefined ? undefined : `${name} with ${field}`
}

/** Whether something stands where an object should; nothing at all is no news. */
function isOdd(value: unknown): boolean {
  return value !== undefined && value !== null && !asObject(value)
}
