import { z } from 'zod'
import { parseWith } from '../parse-with.ts'
import { servedModels, type ServedModel, type ServedModelsParts } from '../served-models.ts'

const DEFAULT_PAGE_SIZE = 20
const MAX_PAGE_SIZE = 1000

const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  after_id: z.string().optional(),
  before_id: z.string().optional(),
})

/** A model as the official API describes it. */
export function encodeModel({ id, name, createdAtSeconds, contextLength }: ServedModel) {
  return {
    type: 'model',
    id,
    display_name: name,
    created_at: new Date(createdAtSeconds * 1000).toISOString(),
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: contextLength,
    max_tokens: null,
    retires_at: null,
  } as const
}

/** A page of the models that can be asked: those for chat, since this dialect has no other use for one. */
export function listModels(parts: ServedModelsParts, query: Readonly<Record<string, string>>) {
  const { limit, after_id: after, before_id: before } = parseWith(pageSchema, query)
  const all = servedModels(parts).filter(({ capability }) => capability === 'chat')
  const place = (id: string): number => all.findIndex((model) => model.id === id)
  const end = before === undefined ? all.length : Math.max(0, place(before))
  const start = before === undefined ? placeAfter(after, place) : Math.max(0, end - limit)
  const page = all.slice(start, Math.min(end, start + limit))
  return {
    data: page.map(encodeModel),
    has_more: before === undefined ? start + page.length < all.length : start > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  }
}

function placeAfter(id: string | undefined, place: (id: string) => number): number {
  return id === undefined ? 0 : place(id) + 1
}
