import type { Frame } from './frame.ts'
import { thinkingFrame } from './frames.ts'
import { codeResultFrame, toolCardFrame, webResultsFrame, type HostedCall } from './hosted-tools.ts'
import { leaderThought } from './thinking.ts'
import type { Turn } from './turn.ts'
import { tokenFrames, wholeAnswer } from './whole-answer.ts'

const FIRST = 'Agent 1'
const SECOND = 'Agent 2'

/** An answer that several agents prepare, the family of transcript T4 (spec/upstream-chat.md §6 and §5.1.6). */
export function agentsAnswer(turn: Turn, text: string): readonly Frame[] {
  const tokens = tokenFrames(turn, text)
  const middle = Math.ceil(tokens.length / 2)
  return wholeAnswer(turn, {
    layout: { reasoningUiLayout: 'HEAVY', willThinkLong: true, rolloutIds: ['Grok', FIRST, SECOND] },
    frames: [
      ...preparation(turn),
      ...tokens.slice(0, middle),
      // A card after the first answer token, as in T4.
      toolCardFrame(turn, call('tu-a2', FIRST, 4), 'webSearch', { query: 'late lookup' }),
      ...tokens.slice(middle),
    ],
    message: text,
    modelResponse: { thinkingStartTime: turn.iso(300), thinkingEndTime: turn.iso(3500) },
  })
}

function preparation(turn: Turn): readonly Frame[] {
  const search = call('tu-a1', FIRST, 1)
  const program = call('tu-b2', SECOND, 2)
  const thought = (step: number, token: string, rolloutId = 'Grok') =>
    thinkingFrame(turn, { ...leaderThought('summary', step, token), rolloutId })
  return [
    thinkingFrame(turn, leaderThought('header', 0, 'Thinking about your request')),
    thought(0, '- Splitting the work between two agents.\n'),
    toolCardFrame(turn, search, 'webSearch', { query: 'proposal alpha budget' }),
    toolCardFrame(turn, call('tu-b1', SECOND, 1), 'browsePage', {
      url: 'https://docs.example.org/beta',
      instructions: 'Extract the budget table',
    }),
    webResultsFrame(turn, search, [
      { url: 'https://docs.example.org/alpha', title: 'Proposal Alpha', preview: '…' },
    ]),
    thought(2, '- Alpha costs 2 M. 方案甲较便宜。\n', FIRST),
    toolCardFrame(turn, program, 'codeExecution', { code: 'print(3.1-2.0)', language: 'python' }),
    codeResultFrame(turn, program, '1.1\n'),
    toolCardFrame(turn, call('tu-b3', SECOND, 3), 'chatroomSend', {
      message: 'Beta costs 3.1 M, 1.1 M more than Alpha',
      to: 'Grok',
    }),
    thought(3, '- Both agents agree on the gap.\n'),
  ]
}

function call(id: string, rolloutId: string, step: number): HostedCall {
  return { id, rolloutId, step }
}
