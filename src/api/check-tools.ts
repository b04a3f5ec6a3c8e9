import type { ToolUse } from '../core/tools.ts'
import { refuse } from './chat-door.ts'

const NAME = /^[\w-]{1,64}$/

/** The tools of a request if they can be offered as they are; `param` is the field that lists them. */
export function checkToolUse(use: ToolUse, param: string): ToolUse {
  const names = new Set<string>()
  use.tools.forEach(({ name }, index) => {
    if (!NAME.test(name)) {
      throw refuse(`${param}.${index}.name`, 'must have 1 to 64 letters, digits, underscores or hyphens')
    }
    if (names.has(name)) throw refuse(`${param}.${index}.name`, `'${name}' is there twice`)
    names.add(name)
  })
  const unknown = use.allowed?.find((name) => !names.has(name))
  if (unknown !== undefined) throw refuse('tool_choice', `names '${unknown}', which is not among the tools`)
  if (use.choice === 'required' && (use.allowed ?? use.tools).length === 0) {
    throw refuse('tool_choice', 'demands a call, but no tool may be called')
  }
  return use
}
