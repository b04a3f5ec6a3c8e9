import { z } from 'zod'
import type { Tool, ToolUse } from '../../core/tools.ts'
import { refuse } from '../chat-door.ts'
import { parseWith } from '../parse-with.ts'
import { findClientTool } from './client-tools.ts'
import type { CountBody } from './message-schema.ts'
import { readToolChanges, type BodyTool } from './tool-changes.ts'

/** What the model may use for its answer. */
export interface OfferedTools {
  readonly tools?: ToolUse
  readonly hostedSearch: boolean
}

const MAX_NAME_LENGTH = 128

const customTool = z.object({
  name: z
    .string()
    .regex(/^[\w-]+$/, 'must consist of letters, digits, _ and -')
    .max(MAX_NAME_LENGTH),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown(), { error: 'must be a JSON schema' }),
  strict: z.boolean().nullish(),
})

/** Filters that change what a search may find; the upstream's search has none. */
const webSearchTool = z.object({
  name: z.string().nullish(),
  allowed_domains: z.array(z.string()).nullish(),
  blocked_domains: z.array(z.string()).nullish(),
})

type OfferedTool =
  | { readonly type: 'client'; readonly tool: Tool }
  | { readonly type: 'search'; readonly name: string }

/** The tools of a request, those that its messages add or take away included. */
export function parseTools(body: CountBody): OfferedTools {
  const { added, removed } = readToolChanges(body.messages)
  const declared = (body.tools ?? []).map((tool, index) => ({ tool, path: `tools.${index}` }))
  const offered = [...declared, ...added].flatMap(parseTool)
  refuseDuplicates(offered, declared.length > 0 ? 'tools' : 'messages')
  const left = offered.filter((one) => !removed.has(nameOf(one)))
  const tools = left.flatMap((one) => (one.type === 'client' ? [one.tool] : []))
  const hostedSearch = left.some(({ type }) => type === 'search')
  const choice = parseChoice(body.tool_choice, left)
  const parallel = body.tool_choice?.disable_parallel_tool_use !== true
  return { hostedSearch, ...(tools.length > 0 && { tools: { tools, ...choice, parallel } }) }
}

const nameOf = (offered: OfferedTool): string =>
  offered.type === 'client' ? offered.tool.name : offered.name

interface PlacedTool {
  readonly tool: BodyTool
  readonly path: string
}

function parseTool({ tool, path }: PlacedTool): OfferedTool[] {
  const { type } = tool
  if (type === undefined || type === null || type === 'custom') return [parseCustom(tool, path)]
  if (type.startsWith('web_search_')) return [parseSearch(tool, path)]
  // what it would find is offered from the beginning, as are all tools with `defer_loading`
  if (type.startsWith('tool_search_tool_')) return []
  const client = findClientTool(type)
  if (!client) throw refuse(`${path}.type`, `tools of type '${type}' are not served`)
  const { name, description, schema } = client
  return [{ type: 'client', tool: { name, description, input: { type: 'json', schema, strict: false } } }]
}

function parseCustom(tool: BodyTool, path: string): OfferedTool {
  const { name, description, input_schema: schema, strict } = parseWith(customTool, tool, path)
  const input = { type: 'json', schema, strict: strict ?? false } as const
  return { type: 'client', tool: { name, ...(description && { description }), input } }
}

function parseSearch(tool: BodyTool, path: string): OfferedTool {
  const { name, allowed_domains: allowed, blocked_domains: blocked } = parseWith(webSearchTool, tool, path)
  const reason = 'the search of the service takes no filter by domain'
  if (allowed?.length) throw refuse(`${path}.allowed_domains`, reason)
  if (blocked?.length) throw refuse(`${path}.blocked_domains`, reason)
  return { type: 'search', name: name ?? 'web_search' }
}

function refuseDuplicates(offered: readonly OfferedTool[], param: string): void {
  const names = offered.map(nameOf)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw refuse(param, `tool names must be unique, and '${twice}' is there twice`)
}

type Choice = Pick<ToolUse, 'choice' | 'allowed'>

function parseChoice(choice: CountBody['tool_choice'], offered: readonly OfferedTool[]): Choice {
  const type = choice?.type ?? 'auto'
  if (type === 'auto' || type === 'none') return { choice: type }
  if (offered.length === 0) throw refuse('tool_choice', `'${type}' needs tools to choose from`)
  if (type === 'any') return { choice: offered.every((one) => one.type === 'client') ? 'required' : 'auto' }
  const named = offered.find((one) => nameOf(one) === choice?.name)
  if (!named) throw refuse('tool_choice.name', `there is no tool '${choice?.name ?? ''}' in tools`)
  // whether it searches is up to the service; the client's own tools are not what was asked for
  return named.type === 'search' ? { choice: 'none' } : { choice: 'required', allowed: [nameOf(named)] }
}
