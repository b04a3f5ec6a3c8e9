import type { Tool, ToolUse } from '../../core/tools.ts'
import { refuse } from '../chat-door.ts'
import { checkToolUse } from '../check-tools.ts'
import type { ChatBody } from './chat-schema.ts'

type BodyTool = NonNullable<ChatBody['tools']>[number]
type BodyFunction = NonNullable<ChatBody['functions']>[number]
type BodyChoice = Exclude<NonNullable<ChatBody['tool_choice']>, string>
type Choice = Pick<ToolUse, 'choice' | 'allowed'>

/** The tools of a chat completion request, or its legacy functions; undefined if it has none. */
export function parseTools(body: ChatBody): ToolUse | undefined {
  if (body.tools?.length) {
    const tools = body.tools.map((tool, index) => parseTool(tool, `tools.${index}`))
    const choice = parseChoice(body.tool_choice ?? 'auto')
    return checkToolUse({ tools, parallel: body.parallel_tool_calls ?? true, ...choice }, 'tools')
  }
  if (body.functions?.length) {
    const tools = body.functions.map(parseFunction)
    return checkToolUse({ tools, parallel: false, ...parseFunctionChoice(body.function_call) }, 'functions')
  }
  const { choice } = parseChoice(body.tool_choice ?? 'auto')
  if (choice === 'required') throw refuse('tool_choice', 'demands a call, but the request has no tools')
  return undefined
}

function parseTool(tool: BodyTool, path: string): Tool {
  if (tool.type === 'function' && tool.function) return parseFunction(tool.function)
  if (tool.type !== 'custom' || !tool.custom) {
    const known = tool.type === 'function' || tool.type === 'custom'
    throw refuse(
      known ? `${path}.${tool.type}` : `${path}.type`,
      known ? 'is missing' : `'${tool.type}' tools are not served`,
    )
  }
  const { name, description, format } = tool.custom
  const grammar = format?.grammar?.definition
  return {
    name,
    ...(description && { description }),
    input: { type: 'text', ...(grammar !== undefined && { grammar }) },
  }
}

function parseFunction({ name, description, parameters, strict }: BodyFunction): Tool {
  const schema = parameters ?? { type: 'object', properties: {} }
  return {
    name,
    ...(description && { description }),
    input: { type: 'json', schema, strict: strict ?? false },
  }
}

function parseChoice(choice: NonNullable<ChatBody['tool_choice']>): Choice {
  const word = typeof choice === 'string' ? choice : choice.type
  if (word === 'none' || word === 'auto' || word === 'required') return { choice: word }
  if (typeof choice === 'string')
    throw refuse('tool_choice', `'${choice}' is not one of none, auto, required`)
  if (choice.type === 'allowed_tools' && choice.allowed_tools) {
    const { mode, tools } = choice.allowed_tools
    return { choice: mode, allowed: tools.map(nameOf) }
  }
  return { choice: 'required', allowed: [nameOf(choice)] }
}

function nameOf({ name, function: named, custom }: BodyChoice): string {
  const found = named?.name ?? custom?.name ?? name
  if (!found) throw refuse('tool_choice', 'must name a tool')
  return found
}

function parseFunctionChoice(choice: ChatBody['function_call']): Choice {
  if (!choice || choice === 'auto') return { choice: 'auto' }
  return choice === 'none' ? { choice: 'none' } : { choice: 'required', allowed: [choice.name] }
}
