import { Hono } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../../../core/error.ts'
import type { ApiEnv } from '../../context.ts'
import { refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'
import { ownerOf } from '../owner.ts'
import { parseDocument, type ResponseDocument } from './response-document.ts'
import type { ResponsesParts } from './responses-parts.ts'

const DEFAULT_PAGE = 20
const MAX_PAGE = 100

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  order: z.enum(['asc', 'desc'], { error: "must be 'asc' or 'desc'" }).default('desc'),
  after: z.string().optional(),
})

/** What is done with answers that are kept: shown, listed, deleted. */
export function keptRoutes(parts: ResponsesParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const find = async (id: string, owner: string): Promise<ResponseDocument> => {
    const kept = await parts.responses.find(id, owner)
    if (!kept) throw unknownResponse(id)
    return parseDocument(kept.document)
  }
  routes.get('/:id', async (c) => {
    const { stream, starting_after } = c.req.query()
    if (stream !== undefined && stream !== 'false')
      throw refuse('stream', 'a finished response is not streamed again; leave it out')
    if (starting_after !== undefined)
      throw refuse('starting_after', 'a finished response is not streamed again; leave it out')
    const { response } = await find(c.req.param('id'), ownerOf(parts, c))
    return c.json(response)
  })
  routes.delete('/:id', async (c) => {
    const id = c.req.param('id')
    if (!(await parts.responses.remove(id, ownerOf(parts, c)))) throw unknownResponse(id)
    return c.json({ id, object: 'response', deleted: true })
  })
  routes.post('/:id/cancel', async (c) => {
    await find(c.req.param('id'), ownerOf(parts, c))
    const message = 'Only a response made in the background can be cancelled.'
    throw new GatewayError('invalid_request', message)
  })
  routes.get('/:id/input_items', async (c) => {
    const query = parseWith(listQuery, c.req.query())
    const { input } = await find(c.req.param('id'), ownerOf(parts, c))
    return c.json(listPage(input, query))
  })
  return routes
}

function listPage(input: ResponseDocument['input'], { limit, order, after }: z.output<typeof listQuery>) {
  const ordered = order === 'asc' ? input : input.toReversed()
  const at = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && at === 0) throw refuse('after', `there is no item '${after}' in this response`)
  const data = ordered.slice(at, at + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: at + limit < ordered.length,
  }
}

function unknownResponse(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id}' not found.`)
}
