import type { Frame } from './frame.ts'
import { plainAnswer } from './plain.ts'
import { parseBlocks, type PromptBlock } from './prompt.ts'
import { parseScenarioWords } from './scenario-words.ts'
import { toolCallAnswer } from './tool-call.ts'
import type { Turn } from './turn.ts'

/**
 * The answer of a script that a user turn lays down for the whole exchange that follows it: `[[step1:call NAME {json}]]`,
 * `[[step2:say text]]`, and so on. Every assistant turn after it counts as a step done. Null: no script, or it is over.
 */
export function stepAnswer(turn: Turn): readonly Frame[] | null {
  const step = currentStep(parseBlocks(turn.message))
  if (step === null) return null
  const [, verb = '', argument = ''] = /^\s*(call|say)\b\s*([\s\S]*)$/.exec(step) ?? []
  if (verb === 'call') return toolCallAnswer(turn, argument, false)
  return verb === 'say' ? plainAnswer(turn, argument) : null
}

function currentStep(blocks: readonly PromptBlock[]): string | null {
  const scripted = blocks.findLastIndex((block) => block.role === 'user' && block.text.includes('[[step1:'))
  if (scripted === -1) return null
  const done = blocks.slice(scripted + 1).filter((block) => block.role === 'assistant').length
  return parseScenarioWords(blocks[scripted]?.text ?? '').get(`step${done + 1}`) ?? null
}
