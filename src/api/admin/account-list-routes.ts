import { z } from 'zod'
import { listedStatuses, queryAccounts } from '../../accounts/query-accounts.ts'
import { tiers } from '../../core/model.ts'
import { accountFields, accountSchema, encodeAccountAnswer, selectFields } from './account-answer.ts'
import {
  encodeCursor,
  fieldError,
  filterShape,
  parseCursor,
  parseFilter,
  parseSort,
  splitList,
} from './account-filter.ts'
import { idSchema, openToken, requireAccount, type AccountRouteParts } from './account-parts.ts'
import { adminRoute, type AdminRoute } from './route.ts'

const DEFAULT_PAGE = 100
const LARGEST_PAGE = 1000
const MAX_REVEALED = 100
const MAX_TEXT_LENGTH = 1000

const listQuery = z.object({
  ...filterShape,
  sort: z
    .string()
    .max(MAX_TEXT_LENGTH)
    .default('id')
    .meta({ description: 'A key; with - before it descending.' }),
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(DEFAULT_PAGE),
  cursor: z
    .string()
    .max(MAX_TEXT_LENGTH)
    .optional()
    .meta({ description: 'The next_cursor of the page before.' }),
  fields: z.string().max(MAX_TEXT_LENGTH).optional().meta({ description: 'Only these fields, with commas.' }),
})

const listAnswer = z.object({
  tokens: z.array(accountSchema.partial()),
  total: z.number().meta({ description: 'Accounts that are not deleted.' }),
  matched: z.number().meta({ description: 'Accounts that fit the filter, over all pages.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null at the end.' }),
  facets: z.object({
    status: z.record(z.enum(listedStatuses), z.number()),
    tier: z.record(z.enum(tiers), z.number()),
    nsfw: z.number(),
  }),
})

/** Looking at accounts. `/tokens/deleted` and others stand before `/tokens/:id`, which would catch them. */
export function accountListRoutes(parts: AccountRouteParts): readonly AdminRoute[] {
  return [listRoute(parts), oneRoute(parts), revealRoute(parts)]
}

function listRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/tokens',
    policy: 'admin',
    audit: 'none',
    summary: 'A page of the accounts that fit a filter, sorted, with their tokens masked.',
    input: z.object({ query: listQuery }),
    answer: listAnswer,
    handler: ({ query }) => listAccounts(parts, query),
  })
}

function listAccounts(
  parts: AccountRouteParts,
  query: z.output<typeof listQuery>,
): z.input<typeof listAnswer> {
  const fields = query.fields === undefined ? undefined : parseFields(query.fields)
  const cursor = query.cursor ? parseCursor(query.cursor, query.sort) : undefined
  const now = cursor?.now ?? parts.clock()
  const { accounts, next, facets, ...counts } = queryAccounts(
    parts.directory.accounts(),
    { filter: parseFilter(query), ...parseSort(query.sort), limit: query.limit, after: cursor?.after },
    now,
  )
  return {
    tokens: accounts.map((account) => selectFields(encodeAccountAnswer(parts, account), fields)),
    ...counts,
    next_cursor: next ? encodeCursor({ order: query.sort, after: next, now }) : null,
    facets: { ...facets },
  }
}

function parseFields(list: string): ReadonlySet<string> {
  const names = splitList(list)
  const unknown = names.find((name) => !accountFields.safeParse(name).success)
  if (unknown !== undefined) throw fieldError('fields', `there is no field ${JSON.stringify(unknown)}`)
  return new Set(names)
}

function oneRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/tokens/:id',
    policy: 'admin',
    audit: 'none',
    summary: 'One account with all that is known of it, its token masked.',
    input: z.object({ params: z.object({ id: z.coerce.number().int().min(1) }) }),
    answer: accountSchema,
    handler: ({ params: { id } }) => encodeAccountAnswer(parts, requireAccount(parts, { id })),
  })
}

function revealRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/tokens/reveal',
    policy: 'admin',
    audit: 'accounts.reveal',
    summary: 'Shows tokens in the clear; the audit trail keeps whose.',
    input: z.object({ body: z.object({ ids: z.array(idSchema).min(1).max(MAX_REVEALED) }) }),
    answer: z.object({
      tokens: z.array(
        z.object({
          id: z.number(),
          token: z.string().nullable().meta({ description: 'null if no key at hand opens it.' }),
        }),
      ),
    }),
    handler: ({ body: { ids } }, call) => {
      call.note({ ids })
      const accounts = ids.flatMap((id) => parts.directory.find(id) ?? [])
      return {
        tokens: accounts.map((account) => ({ id: account.id, token: openToken(parts, account) ?? null })),
      }
    },
  })
}
