import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatRequest } from '../core/chat-request.ts'
import type { OutputFormat } from '../core/output-format.ts'
import { readFormatted } from '../core/read-formatted.ts'
import { encodeFormatComplaint } from '../upstream/format-prompt.ts'
import { appendTurn } from '../upstream/prompt.ts'
import { MISSING_CALL_COMPLAINT } from '../upstream/tool-prompt.ts'

type Stream = AsyncGenerator<readonly ChatEvent[]>

export interface CheckedAnswerOptions {
  readonly request: ChatRequest
  readonly prompt: string
  /** Puts a prompt to the upstream. */
  readonly ask: (prompt: string) => Stream
}

/** Times that the upstream is asked in all: once, and once more with what was wrong. */
const MAX_QUESTIONS = 2

/**
 * The answer to a request. Where the request demands a form (JSON, a schema, a call of a tool), which only a whole answer
 * can be seen to have, its text is held back until that is certain; what is wrong is told to the model once. An answer
 * that has not the form of text asked for even then is refused; one without the call asked for passes as it is.
 */
export function answerChecked({ request, prompt, ask }: CheckedAnswerOptions): Stream {
  const isCheckNeeded = request.outputFormat !== undefined || request.tools?.choice === 'required'
  return isCheckNeeded ? askUntilRight(request, prompt, ask) : ask(prompt)
}

async function* askUntilRight(
  request: ChatRequest,
  prompt: string,
  ask: CheckedAnswerOptions['ask'],
): Stream {
  let question = prompt
  for (let questions = 1; ; questions++) {
    const held: ChatEvent[] = []
    for await (const batch of ask(question)) {
      const passing = batch.filter((event) => isFreeOfForm(event) || !held.push(event))
      if (passing.length > 0) yield passing
    }
    const verdict = judge(request, held)
    if (verdict.complaint === undefined || questions === MAX_QUESTIONS) {
      yield verdict.events
      return
    }
    question = appendTurn(prompt, textOf(held), verdict.complaint)
  }
}

/** Whether the event is neither part of the answer's text nor tied to its end. */
function isFreeOfForm({ type }: ChatEvent): boolean {
  return type === 'reasoning-delta' || type === 'tool-start' || type === 'tool-end' || type === 'source'
}

interface Verdict {
  /** What the caller gets if this is the last word. */
  readonly events: readonly ChatEvent[]
  /** What to tell the model; absent: the answer is right. */
  readonly complaint?: string
}

function judge({ outputFormat, tools }: ChatRequest, held: readonly ChatEvent[]): Verdict {
  if (held.some(({ type }) => type === 'tool-call')) return { events: held }
  if (tools?.choice === 'required') return { events: held, complaint: MISSING_CALL_COMPLAINT }
  return outputFormat ? judgeText(outputFormat, held) : { events: held }
}

function judgeText(format: OutputFormat, held: readonly ChatEvent[]): Verdict {
  const result = readFormatted(textOf(held), format)
  if ('text' in result) {
    return {
      events: [
        { type: 'text-delta', text: result.text },
        { type: 'finish', reason: 'stop' },
      ],
    }
  }
  const text = `The model did not give an answer of the required form: ${result.fault}.`
  return {
    events: [
      { type: 'refusal', text },
      { type: 'finish', reason: 'refusal' },
    ],
    complaint: encodeFormatComplaint(result.fault),
  }
}

function textOf(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
}
