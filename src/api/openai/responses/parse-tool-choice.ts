import { z } from 'zod'
import type { ToolUse } from '../../../core/tools.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { refuse } from '../../chat-door.ts'
import { parseAt } from './parse-at.ts'
import { searchTools, type ToolList } from './parse-tools.ts'
import { looseObject } from './schema-body.ts'

const named = z.object({
  name: z.string({ error: 'must be the name of a tool' }),
  namespace: z.string().nullish(),
})

const allowedTools = z.object({
  mode: z.enum(['auto', 'required'], { error: "must be 'auto' or 'required'" }),
  tools: z.array(looseObject, { error: 'must be an array of tools' }),
})

/** How the tools of a request may be used. */
export interface ToolChoice extends Pick<ToolUse, 'choice' | 'allowed'> {
  /** The caller asks for a search of the service: the model is told to search. */
  readonly search: boolean
}

/** Parses `tool_choice` against the tools that are offered. */
export function parseToolChoice(choice: string | JsonObject | null | undefined, list: ToolList): ToolChoice {
  if (choice === null || choice === undefined || choice === 'auto') return { choice: 'auto', search: false }
  if (choice === 'none') return { choice: 'none', search: false }
  if (choice === 'required') return requireAny(list)
  if (typeof choice === 'string')
    throw refuse('tool_choice', `must be 'auto', 'none', 'required' or an object, not '${choice}'`)
  if (choice['type'] === 'allowed_tools') return parseAllowed(choice, list)
  const name = findTool(choice, list, 'tool_choice')
  return name === undefined
    ? { choice: 'auto', search: true }
    : { choice: 'required', allowed: [name], search: false }
}

function requireAny(list: ToolList): ToolChoice {
  if (list.tools.length > 0) return { choice: 'required', search: false }
  if (list.hostedSearch) return { choice: 'auto', search: true }
  throw refuse('tool_choice', "'required' needs tools")
}

function parseAllowed(choice: JsonObject, list: ToolList): ToolChoice {
  const { mode, tools } = parseAt(allowedTools, choice, 'tool_choice')
  const names = tools.map((tool, index) => findTool(tool, list, `tool_choice.tools.${index}`))
  const allowed = names.filter((name) => name !== undefined)
  if (mode === 'required' && allowed.length === 0) return { choice: 'none', search: names.length > 0 }
  return allowed.length === 0 ? { choice: 'none', search: false } : { choice: mode, allowed, search: false }
}

/** The name of an offered tool for the model; undefined for a search of the service. */
function findTool(tool: JsonObject, list: ToolList, path: string): string | undefined {
  const { type } = tool
  if (typeof type === 'string' && searchTools.test(type)) {
    if (list.hostedSearch) return undefined
    throw refuse(path, `the tool '${type}' is not among the tools`)
  }
  if (type === 'tool_search') return offered(list.names.find({ type: 'tool-search' }), type, path)
  if (type !== 'function' && type !== 'custom')
    throw refuse(`${path}.type`, `'${String(type)}' is not served`)
  const { name, namespace } = parseAt(named, tool, path)
  return offered(list.names.find({ type, name, ...(namespace && { namespace }) }), name, path)
}

function offered(found: string | undefined, name: string, path: string): string {
  if (found === undefined) throw refuse(`${path}.name`, `there is no tool named '${name}'`)
  return found
}
