import { z } from 'zod'
import type { AuditEntry } from '../../core/audit.ts'
import type { Json } from '../../core/job.ts'
import type { AuditStore } from '../../store/contract.ts'
import { adminRoute, type AdminRoute } from './route.ts'

const DEFAULT_PAGE = 50
const LARGEST_PAGE = 500
const MAX_ACTION_LENGTH = 100

/** `limit` and `before_id` of a list that shows the newest first. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(DEFAULT_PAGE),
  before_id: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Only entries older than this one.' }),
}

const entrySchema = z.object({
  id: z.number(),
  at: z.number().meta({ description: 'Epoch ms.' }),
  actor: z.string().meta({ description: 'A shortened session id, `bearer`, or `-` for an unknown caller.' }),
  address: z.string(),
  action: z.string(),
  request_id: z.string(),
  status: z.number().meta({ description: 'The HTTP status that was answered.' }),
  detail: z.custom<Json>().meta({ description: 'Any JSON; secrets are masked.' }),
})

/** The record of what operators did. */
export function auditRoutes({ audit }: { readonly audit: AuditStore }): readonly AdminRoute[] {
  return [
    adminRoute({
      method: 'get',
      path: '/audit',
      policy: 'admin',
      audit: 'none',
      summary: 'What operators did, newest first; also what was refused.',
      input: z.object({
        query: z.object({
          ...pageQuery,
          action: z
            .string()
            .max(MAX_ACTION_LENGTH)
            .optional()
            .meta({ description: 'Exactly this action, or with a final * everything that starts so.' }),
        }),
      }),
      answer: z.object({
        entries: z.array(entrySchema),
        next_before_id: z.number().nullable().meta({ description: 'For the next page; null at the end.' }),
      }),
      handler: async ({ query: { limit, before_id: beforeId, action } }) => {
        const filter = {
          ...(beforeId !== undefined && { beforeId }),
          ...(action !== undefined && { action }),
        }
        const found = await audit.list({ limit: limit + 1, ...filter })
        const entries = found.slice(0, limit)
        return {
          entries: entries.map(encodeEntry),
          next_before_id: found.length > limit ? (entries.at(-1)?.id ?? null) : null,
        }
      },
    }),
  ]
}

function encodeEntry({ requestId, ...entry }: AuditEntry): z.input<typeof entrySchema> {
  return { ...entry, request_id: requestId }
}
