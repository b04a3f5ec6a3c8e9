import { assertNever } from '../state/assert-never.ts'
import { agentsAnswer } from './agents.ts'
import { countedAnswer, MAX_COUNTED_TOKENS } from './counted-tokens.ts'
import type { Frame } from './frame.ts'
import { asksForDrawing, imageAnswer, NOTHING_WITHHELD, type Moderation } from './image.ts'
import { markdownAnswer } from './markdown.ts'
import { multimodalAnswer } from './multimodal.ts'
import { emptyAnswer, plainAnswer } from './plain.ts'
import { numberArgument, type ScenarioWords } from './scenario-words.ts'
import { searchAnswer } from './search.ts'
import { stepAnswer } from './steps.ts'
import { thinkingAnswer } from './thinking.ts'
import { toolCallAnswer } from './tool-call.ts'
import { transcriptFrames, transcriptNamed } from './transcripts.ts'
import type { Turn } from './turn.ts'

const NO_PICTURE = 'I could not make a picture of that.'

const DRAWING_WORDS = ['image', 'moderated', 'moderated-second']

type Writer = (turn: Turn, argument: string) => readonly Frame[]

// The first word that a prompt holds decides; the order here is the order of precedence.
const WRITERS: readonly (readonly [word: string, write: Writer])[] = [
  ['say', (turn, text) => plainAnswer(turn, text)],
  ['empty', (turn) => emptyAnswer(turn)],
  ['no-url', (turn) => plainAnswer(turn, NO_PICTURE)],
  ['split-render-tag', (turn) => searchAnswer(turn, true)],
  ['search', (turn) => searchAnswer(turn, false)],
  ['agents', (turn) => agentsAnswer(turn, markdownAnswer(turn))],
  ['thinking', (turn) => thinkingAnswer(turn, markdownAnswer(turn), 'long')],
  ['multimodal', (turn) => multimodalAnswer(turn)],
  ['plain', (turn) => plainAnswer(turn, markdownAnswer(turn))],
]

/** The frames that answer a turn: by scenario word, else a generated Markdown answer in the manner of the mode. */
export function chooseAnswer(
  turn: Turn,
  words: ScenarioWords,
  moderation: Moderation = NOTHING_WITHHELD,
): readonly Frame[] {
  for (const word of words.keys()) {
    const transcript = transcriptNamed(word)
    if (transcript !== null) return transcriptFrames(transcript)
  }
  const step = stepAnswer(turn)
  if (step !== null) return step
  const count = numberArgument(words, 'tokens', MAX_COUNTED_TOKENS)
  if (count !== null) return countedAnswer(turn, count)
  const calls = toolCalls(turn, words)
  if (calls !== null) return calls
  for (const [word, write] of WRITERS) {
    const argument = words.get(word)
    if (argument !== undefined) return write(turn, argument)
  }
  const isDrawing = asksForDrawing(turn) || DRAWING_WORDS.some((word) => words.has(word))
  return isDrawing ? imageAnswer(turn, moderation) : answerOfMode(turn)
}

// After a tool result the same user turn, with the same word, is still the last one: calling again would never end.
function toolCalls(turn: Turn, words: ScenarioWords): readonly Frame[] | null {
  if (turn.toolResult !== null) return null
  const prose = words.get('prose-tool-call')
  if (prose !== undefined) return toolCallAnswer(turn, prose, true)
  const plain = words.get('tool-call')
  return plain === undefined ? null : toolCallAnswer(turn, plain, false)
}

function answerOfMode(turn: Turn): readonly Frame[] {
  const text = markdownAnswer(turn)
  switch (turn.mode) {
    case 'fast':
      return plainAnswer(turn, text)
    case 'auto':
      return thinkingAnswer(turn, text, 'little')
    case 'expert':
    case 'grok-420-computer-use-sa':
      return thinkingAnswer(turn, text, 'long')
    case 'heavy':
      return agentsAnswer(turn, text)
    default:
      return assertNever(turn.mode)
  }
}
