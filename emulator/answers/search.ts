import type { Frame } from './frame.ts'
import { cardFrame, thinkingFrame, THINKING_LAYOUT, tokenFrame } from './frames.ts'
import {
  rawResultFrame,
  toolCardFrame,
  webResultsFrame,
  xResultsFrame,
  type HostedCall,
} from './hosted-tools.ts'
import { withoutScenarioWords } from './scenario-words.ts'
import { leaderThought } from './thinking.ts'
import type { Turn } from './turn.ts'
import { tokenFrames, wholeAnswer } from './whole-answer.ts'

const WEB = [
  {
    url: 'https://space.example.org/orion9',
    title: 'Orion-9 mission page',
    preview: 'Launch is set for 3 May',
  },
  { url: 'https://news.example.net/a/17', title: 'Orion-9 slips to May', preview: '…' },
]

const POST = {
  username: 'orion9ops',
  name: 'Orion-9 Ops',
  text: 'Rollout done.\nLaunch NET 3 May. 🚀',
  postId: '1900000000000000017',
}

/** The tag by which a token refers to a card, spec/upstream-chat.md §5.1.7. */
export function renderTag(
  cardId: string,
  cardType: string,
  type: string,
  argument: [name: string, value: string],
): string {
  const [name, value] = argument
  return (
    `<grok:render card_id="${cardId}" card_type="${cardType}" type="${type}">` +
    `<argument name="${name}">${value}</argument></grok:render>`
  )
}

/** An answer with a web search, an X search and two citations, the family of transcript T3 (spec/upstream-chat.md §6). */
export function searchAnswer(turn: Turn, splitTags: boolean): readonly Frame[] {
  const query = withoutScenarioWords(turn.lastUserText).slice(0, 80) || 'Orion-9 probe launch date'
  const web: HostedCall = { id: 'tu-1', rolloutId: 'Grok', step: 1 }
  const posts: HostedCall = { id: 'tu-2', rolloutId: 'Grok', step: 2 }
  const cited = [citation(turn, 0, 'https://space.example.org/orion9'), citation(turn, 1, postUrl())]
  const sentences = ['Orion-9 launches on 3 May 2027.', '\n\nThe operator confirmed it. 发射日期已确认。']
  const answer = sentences.flatMap((sentence, index) => {
    const { card, tag } = cited[index] ?? { card: [], tag: '' }
    const tagTokens = splitTags ? [tag.slice(0, 9), tag.slice(9, 40), tag.slice(40)] : [tag]
    return [...card, ...tokenFrames(turn, sentence), ...tagTokens.map((token) => tokenFrame(turn, token))]
  })
  return wholeAnswer(turn, {
    layout: THINKING_LAYOUT,
    frames: [
      thinkingFrame(turn, leaderThought('header', 0, 'Thinking about your request')),
      toolCardFrame(turn, web, 'webSearch', { query, num_results: 10 }),
      rawResultFrame(turn, web),
      webResultsFrame(turn, web, WEB),
      toolCardFrame(turn, posts, 'xKeywordSearch', { query: `${query} from:${POST.username}` }),
      xResultsFrame(turn, posts, [POST]),
      ...answer,
    ],
    message: sentences.map((sentence, index) => sentence + (cited[index]?.tag ?? '')).join(''),
    modelResponse: { webSearchResults: WEB, citedWebSearchResults: WEB.slice(0, 1), xposts: [POST] },
  })
}

function citation(turn: Turn, index: number, url: string): { card: readonly Frame[]; tag: string } {
  const id = `c1a0f${index + 1}`
  const data = { id, type: 'render_inline_citation', cardType: 'citation_card', url }
  const tag = renderTag(id, 'citation_card', 'render_inline_citation', ['citation_id', String(index)])
  return { card: [cardFrame(turn, data)], tag }
}

function postUrl(): string {
  return `https://x.com/${POST.username}/status/${POST.postId}`
}
