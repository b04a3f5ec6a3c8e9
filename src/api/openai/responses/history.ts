import { GatewayError } from '../../../core/error.ts'
import type { ResponseArchive } from '../../../gateway/response-archive.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { refuse } from '../../chat-door.ts'
import { responseIdOf } from './item-ids.ts'
import { outputOf, parseDocument, type ResponseDocument } from './response-document.ts'

/** Turns of one conversation that are put together again at most. */
const MAX_CHAIN = 512
/** Characters of kept turns that are put together at most: as much as a request may bring itself. */
const MAX_CHAIN_CHARS = 32 * 1024 * 1024
/** Kept answers that the references of one request may point into. */
const MAX_REFERENCED = 128

/** The earlier turns of a conversation, oldest first. */
export interface History {
  readonly items: readonly JsonObject[]
  /** The account that gave the last turn. */
  readonly accountId?: number
}

/** Nothing was said before. */
const noHistory: History = { items: [] }

/** The answer that a request goes on from is not there, not the caller's, or its time is over. */
export class PreviousResponseNotFoundError extends GatewayError {
  constructor(id: string) {
    const message = `Previous response with id '${id}' not found.`
    super('invalid_request', message, { param: 'previous_response_id' })
  }
}

/** Whose answers are looked up, and where. */
export interface Shelf {
  readonly archive: ResponseArchive
  readonly owner: string
}

/** Puts the turns before a request together: what was asked and answered, without instructions and tools, as officially. */
export async function loadHistory(
  { archive, owner }: Shelf,
  previousId: string | null | undefined,
): Promise<History> {
  if (!previousId) return noHistory
  const turns: ResponseDocument[] = []
  let accountId: number | undefined
  let chars = 0
  for (let id: string | null = previousId; id !== null;) {
    const kept = await archive.find(id, owner)
    if (!kept) throw new PreviousResponseNotFoundError(id)
    if (turns.length === 0) accountId = kept.accountId ?? undefined
    chars += typeof kept.document === 'string' ? kept.document.length : 0
    if (turns.length >= MAX_CHAIN || chars > MAX_CHAIN_CHARS)
      throw refuse('previous_response_id', 'the conversation has become too long; compact it')
    turns.push(parseDocument(kept.document))
    id = kept.previousId
  }
  const items = turns.toReversed().flatMap((turn) => turn.input.concat(outputOf(turn)))
  return { items, ...(accountId !== undefined && { accountId }) }
}

/** Puts the items that a request only refers to in the place of the references. */
export async function resolveReferences(
  items: readonly JsonObject[],
  shelf: Shelf,
): Promise<readonly JsonObject[]> {
  const found = new Map<string, ReadonlyMap<string, JsonObject>>()
  const resolved: JsonObject[] = []
  for (const [index, item] of items.entries()) {
    if (item['type'] !== 'item_reference') {
      resolved.push(item)
      continue
    }
    const path = `input.${index}.id`
    const id = item['id']
    const responseId = typeof id === 'string' ? responseIdOf(id) : undefined
    if (typeof id !== 'string' || responseId === undefined) throw unknownItem(path, id)
    if (!found.has(responseId)) {
      if (found.size >= MAX_REFERENCED) throw refuse(path, 'refers to too many different responses')
      found.set(responseId, await loadItems(shelf, responseId))
    }
    const meant = found.get(responseId)?.get(id)
    if (!meant) throw unknownItem(path, id)
    resolved.push(meant)
  }
  return resolved
}

async function loadItems({ archive, owner }: Shelf, id: string): Promise<ReadonlyMap<string, JsonObject>> {
  const kept = await archive.find(id, owner)
  if (!kept) return new Map()
  const document = parseDocument(kept.document)
  const items = [...document.input, ...outputOf(document)]
  return new Map(items.map((item) => [String(item['id']), item]))
}

function unknownItem(path: string, id: unknown): GatewayError {
  return refuse(path, `there is no kept item '${String(id)}'; send the item itself`)
}
