import { numberArgument, type ScenarioWords } from '../answers/scenario-words.ts'
import { mediaFaultsFromWords } from './media-words.ts'
import {
  faultActionSchema,
  gatewayEffects,
  httpFaultKinds,
  type FaultAction,
  type HttpFaultKind,
} from '../state/faults.ts'

const MAX_PACE_MILLISECONDS = 600_000
const MAX_FRAMES = 1_000_000
// conversation, userResponse, uiLayout, llmInfo and two tokens of a plain answer.
const DEFAULT_STOP_FRAMES = 6

const USAGE_MESSAGE = 'Usage limit reached for this mode'
const MALICE: Readonly<Record<string, unknown>> = {
  'rate-limit-first': { type: 'in-band-error', code: 8, message: 'Too many requests', at: 'first' },
  'rate-limit-echo': {
    type: 'in-band-error',
    code: 8,
    message: 'You have hit the rate limit for this mode',
    at: 'after-echo',
  },
  'rate-limit-final': { type: 'in-band-error', code: 0, message: USAGE_MESSAGE, at: 'final-message' },
  'usage-limit': { type: 'in-band-error', code: 2, message: USAGE_MESSAGE, at: 'after-echo' },
  'anti-bot': { type: 'in-band-error', code: 7, message: 'Request rejected by anti-bot rules.', at: 'first' },
  'bad-session': {
    type: 'in-band-error',
    code: 16,
    message: 'Invalid credentials. [WKE=unauthorized:invalid-credentials]',
    at: 'first',
  },
  'error-first': { type: 'in-band-error', at: 'first' },
  'error-late': { type: 'in-band-error', at: 'late' },
  'error-final': { type: 'in-band-error', at: 'final-message', afterTokens: 3 },
  'response-error': { type: 'in-band-error', at: 'after-echo', nesting: 'response' },
  'missing-end': { type: 'framing', framing: { end: 'missing' } },
  untagged: { type: 'framing', framing: { messageTag: 'absent' } },
  'soft-stop-folded': { type: 'framing', framing: { softStop: 'folded' } },
  'data-prefix': { type: 'framing', framing: { dataPrefix: true, done: true } },
  'no-newline': { type: 'framing', framing: { newline: false } },
}

const STOPS: Readonly<Record<string, (afterFrames: number) => FaultAction>> = {
  cut: (afterFrames) => ({ type: 'cut', how: 'close', insideFrame: true, afterFrames }),
  reset: (afterFrames) => ({ type: 'cut', how: 'reset', insideFrame: false, afterFrames }),
  stall: (afterFrames) => ({ type: 'stall', afterFrames }),
}

/** The faults that the scenario words of a prompt ask for; they join those of the fault rules. */
export function actionsFromWords(words: ScenarioWords): readonly FaultAction[] {
  if (words.size === 0) return []
  const actions: FaultAction[] = []
  for (const [word, argument] of words) {
    const malice = MALICE[word]
    if (malice !== undefined) actions.push(faultActionSchema.parse(malice))
    const stop = STOPS[word]
    if (stop !== undefined) actions.push(stop(numberArgument(words, word, MAX_FRAMES) ?? DEFAULT_STOP_FRAMES))
    const effect = gatewayEffects.find((known) => known === word)
    if (effect !== undefined) actions.push({ type: 'gateway', effect })
    const kind = word === 'http' ? httpKind(argument) : null
    if (kind !== null) actions.push({ type: 'http', kind })
  }
  actions.push(...mediaFaultsFromWords(words))
  const pace = numberArgument(words, 'pace', MAX_PACE_MILLISECONDS)
  if (pace !== null) actions.push({ type: 'pace', milliseconds: pace })
  const seed = numberArgument(words, 'cut-bytes', MAX_FRAMES)
  if (seed !== null)
    actions.push({ type: 'framing', framing: { cutBytes: { seed, minBytes: 1, maxBytes: 7 } } })
  const delay = numberArgument(words, 'wait', MAX_PACE_MILLISECONDS)
  if (delay !== null) {
    actions.push({ type: 'latency', headersMilliseconds: 0, firstFrameMilliseconds: delay })
  }
  return actions
}

function httpKind(argument: string): HttpFaultKind | null {
  return httpFaultKinds.find((kind) => kind === argument.trim()) ?? null
}
