import type { PastToolCall } from '../core/chat-request.ts'
import { callableTools, type Tool, type ToolUse } from '../core/tools.ts'

/** The name of the one property that carries a custom tool's free text. */
export const TEXT_INPUT = 'input'

/** What is said to a model that was to call a tool and did not. */
export const MISSING_CALL_COMPLAINT =
  'That answer calls no tool, but it has to. Write the block of calls described at the beginning now, and nothing else.'

const skeleton = `<tool_calls>
  <tool_call>
    <tool_name>NAME</tool_name>
    <parameters>{"key":"value"}</parameters>
  </tool_call>
</tool_calls>`

/**
 * The instruction block that offers tools to a service that knows none (spec/upstream-chat.md §9.1); empty if none may
 * be called.
 */
export function encodeToolPrompt(use: ToolUse): string {
  const tools = callableTools(use)
  if (tools.length === 0) return ''
  return [
    'You can call tools of the application that you work for. It runs them and sends you their results.',
    '',
    tools.map(describeTool).join('\n\n'),
    '',
    'To call tools, write one block of exactly this form as the last thing of your answer:',
    skeleton,
    'Rules for the block:',
    '- <parameters> holds one JSON object on a single line that fits the schema of the tool.',
    use.parallel
      ? '- Several calls go into the same block, one <tool_call> after another.'
      : '- The block holds one call only. Wait for its result before the next call.',
    '- Do not put the block into a code fence or quotes, and write nothing after it.',
    '- Call only the tools listed here, by their exact names, and never invent a result.',
    ...describeChoice(use, tools),
  ].join('\n')
}

/** Earlier calls as the model would have written them (spec/upstream-chat.md §9.2). */
export function encodeToolCalls(calls: readonly PastToolCall[]): string {
  const blocks = calls.map(
    ({ name, input }) =>
      `  <tool_call>\n    <tool_name>${name}</tool_name>\n    <parameters>${encodeInput(input)}</parameters>\n  </tool_call>\n`,
  )
  return `<tool_calls>\n${blocks.join('')}</tool_calls>`
}

function describeTool({ name, description, input }: Tool): string {
  const lines = [`Tool: ${name}`]
  if (description !== undefined && description !== '') lines.push(`Description: ${description}`)
  if (input.type === 'json') lines.push(`Parameters: ${JSON.stringify(input.schema)}`)
  else {
    const schema = {
      type: 'object',
      properties: { [TEXT_INPUT]: { type: 'string' } },
      required: [TEXT_INPUT],
    }
    lines.push(`Parameters: ${JSON.stringify(schema)}`)
    lines.push(
      `The property "${TEXT_INPUT}" is the whole input of the tool as free text, escaped as a JSON string.`,
    )
    if (input.grammar !== undefined) lines.push(`The text must follow this grammar:\n${input.grammar}`)
  }
  return lines.join('\n')
}

function describeChoice({ choice }: ToolUse, tools: readonly Tool[]): string[] {
  const [only] = tools
  if (choice !== 'required') {
    return ['Call a tool only if the request needs it; otherwise answer as usual, without the block.']
  }
  return [
    tools.length === 1 && only
      ? `In this answer you must call ${only.name}, even if you are not sure that it helps.`
      : 'In this answer you must call at least one of the tools, even if you are not sure that it helps.',
  ]
}

/** An object as one line; free text as the object that carries it. */
function encodeInput(input: string): string {
  try {
    const value: unknown = JSON.parse(input === '' ? '{}' : input)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return JSON.stringify(value)
  } catch {
    // no JSON: the free text of a custom tool
  }
  return JSON.stringify({ [TEXT_INPUT]: input })
}
