import type { PictureRatio } from '../../core/image-request.ts'

/** What one round of the Imagine socket is asked. */
export interface RoundQuestion {
  readonly requestId: string
  readonly prompt: string
  readonly count: number
  readonly ratio: PictureRatio | 'auto'
  /** The slower and better of the two qualities. */
  readonly pro: boolean
  readonly adultContent: boolean
}

/** The two messages that start a round (spec/upstream-media.md §4.3); `now` is epoch milliseconds. */
export function encodeRound(question: RoundQuestion, now: number): readonly [string, string] {
  const { requestId, prompt, count, ratio, pro, adultContent } = question
  return [
    encodeItem({ type: 'reset' }, now),
    encodeItem(
      {
        requestId,
        text: prompt,
        type: 'input_text',
        properties: {
          section_count: 0,
          is_kids_mode: false,
          enable_nsfw: adultContent,
          skip_upsampler: false,
          enable_side_by_side: true,
          is_initial: false,
          aspect_ratio: ratio,
          enable_pro: pro,
          num_generations: count,
        },
      },
      now,
    ),
  ]
}

function encodeItem(content: object, timestamp: number): string {
  const item = { type: 'message', content: [content] }
  return JSON.stringify({ type: 'conversation.item.create', timestamp, item })
}
