import { z } from 'zod'
import { contentSchema } from './message-schema.ts'

const base64 = z.object({ type: z.literal('base64'), data: z.string(), media_type: z.string().nullish() })
const url = z.object({ type: z.literal('url'), url: z.string() })
const file = z.object({ type: z.literal('file') })
const plainText = z.object({ type: z.literal('text'), data: z.string() })
const blocks = z.object({ type: z.literal('content'), content: contentSchema })

export const textBlock = z.object({ text: z.string() })

export const imageBlock = z.object({ source: z.discriminatedUnion('type', [base64, url, file]) })

export const documentBlock = z.object({
  source: z.discriminatedUnion('type', [base64, url, file, plainText, blocks]),
  title: z.string().nullish(),
  context: z.string().nullish(),
})

export const searchResultBlock = z.object({
  source: z.string(),
  title: z.string(),
  content: z.array(textBlock),
})

export const toolUseBlock = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.unknown().optional(),
})

export const toolResultBlock = z.object({
  tool_use_id: z.string().min(1),
  content: contentSchema.nullish(),
  is_error: z.boolean().nullish(),
})

export const webSearchUseBlock = z.object({ name: z.string(), input: z.unknown().optional() })

/** What a search found: a list, or an error in its place. */
export const webSearchResultBlock = z.object({ content: z.unknown() })

export const compactionBlock = z.object({ content: z.string().nullish() })

export const toolReferenceBlock = z.object({ tool_name: z.string() })
