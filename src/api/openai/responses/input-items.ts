import type { JsonObject } from '../../../util/json-fields.ts'
import { refuse } from '../../chat-door.ts'
import { inputItemId } from './item-ids.ts'
import type { CreateBody } from './schema-body.ts'

/** The input of a request as items, each with its type; a plain text is a message of the user. */
export function listInput(input: CreateBody['input']): readonly JsonObject[] {
  if (input === null || input === undefined) return []
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  return input.map((item, index) => withType(item, `input.${index}`))
}

/** Items as they are kept and listed: each with an id, messages in the official long form. */
export function completeItems(items: readonly JsonObject[], responseId: string): readonly JsonObject[] {
  return items.map((item, index) => {
    const id =
      typeof item['id'] === 'string' && item['id'] !== '' ? item['id'] : inputItemId(responseId, index)
    return item['type'] === 'message' ? { status: 'completed', ...longMessage(item), id } : { ...item, id }
  })
}

function withType(item: JsonObject, path: string): JsonObject {
  if (typeof item['type'] === 'string') return item
  if (item['role'] !== undefined) return { ...item, type: 'message' }
  // the official type allows a reference of nothing but an id
  if (typeof item['id'] === 'string') return { ...item, type: 'item_reference' }
  throw refuse(`${path}.type`, 'must be the type of an item')
}

function longMessage(item: JsonObject): JsonObject {
  const { content, role } = item
  if (typeof content !== 'string') return item
  const part =
    role === 'assistant'
      ? { type: 'output_text', text: content, annotations: [], logprobs: [] }
      : { type: 'input_text', text: content }
  return { ...item, content: [part] }
}
