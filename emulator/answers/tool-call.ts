import { exampleArguments, parseDeclaredTools } from './declared-tools.ts'
import { isObject, type Frame, type JsonObject } from './frame.ts'
import { tokenFrame } from './frames.ts'
import type { Turn } from './turn.ts'
import { wholeAnswer } from './whole-answer.ts'

interface Call {
  readonly name: string
  readonly input: JsonObject
}

/**
 * An answer that calls functions in the text protocol, the family of transcript T8 (spec/upstream-chat.md §6, grammar §9.2).
 * The argument is empty (first declared function), `all` (every declared one), `NAME`, or `NAME {json}`.
 */
export function toolCallAnswer(turn: Turn, argument: string, prose: boolean): readonly Frame[] {
  const block = toolCallBlock(chooseCalls(turn.message, argument.trim()))
  const tokens = [
    ...(prose ? ['Let me look that up. ', '好的。\n'] : []),
    ...cutAwkwardly(block),
    ...(prose ? ['\nI am waiting', ' for the result.'] : []),
  ]
  return wholeAnswer(turn, {
    layout: { reasoningUiLayout: 'FUNCTION_CALL', willThinkLong: false, rolloutIds: [] },
    frames: tokens.map((token) => tokenFrame(turn, token)),
    message: tokens.join(''),
  })
}

function chooseCalls(message: string, argument: string): readonly Call[] {
  const declared = parseDeclaredTools(message)
  const known = declared.map((tool) => ({ name: tool.name, input: exampleArguments(tool.parameters) }))
  if (argument === 'all' && known.length > 0) return known
  const [, name = '', json = ''] = /^(\S*)\s*([\s\S]*)$/.exec(argument) ?? []
  const found = known.find((call) => call.name === name) ?? (name === '' ? known[0] : undefined)
  const fallback: Call = { name: name === '' ? 'get_weather' : name, input: { city: 'Oslo', unit: 'C' } }
  const call = found ?? fallback
  return [{ name: call.name, input: parseObject(json) ?? call.input }]
}

function toolCallBlock(calls: readonly Call[]): string {
  const parts = calls.map(
    ({ name, input }) =>
      `  <tool_call>\n    <tool_name>${name}</tool_name>\n    <parameters>${JSON.stringify(input)}</parameters>\n  </tool_call>\n`,
  )
  return `<tool_calls>\n${parts.join('')}</tool_calls>`
}

// Inside `<tool`, inside the name and inside the closing tag, as T8 does.
function cutAwkwardly(block: string): readonly string[] {
  const cuts = [0, 5, block.indexOf('<tool_name>') + 17, block.length - 6, block.length]
  return cuts.slice(1).map((end, index) => block.slice(cuts[index], end))
}

function parseObject(json: string): JsonObject | null {
  if (json === '') return null
  try {
    const parsed: unknown = JSON.parse(json)
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}
