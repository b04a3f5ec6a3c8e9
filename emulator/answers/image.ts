import type { Frame, JsonObject } from './frame.ts'
import { cardFrame, QUICK_LAYOUT, tokenFrame } from './frames.ts'
import { withoutScenarioWords } from './scenario-words.ts'
import { renderTag } from './search.ts'
import type { Turn } from './turn.ts'
import { wholeAnswer } from './whole-answer.ts'

const CARD = { type: 'render_generated_image', cardType: 'generated_image_card' }

interface Picture {
  readonly cardId: string
  readonly uuid: string
  readonly folder: string
  readonly index: number
  readonly moderated: boolean
}

/** Tells whether the service withholds the picture at a place. */
export type Moderation = (index: number) => boolean

/** Nothing is withheld. */
export const NOTHING_WITHHELD: Moderation = () => false

/** True for the prompt of the "lite" image generation, spec/upstream-chat.md §3.3. */
export function asksForDrawing(turn: Turn): boolean {
  return turn.lastUserText.startsWith('Drawing:')
}

/** An answer with generated pictures, the family of transcript T5 (spec/upstream-chat.md §6 and §5.1.7). */
export function imageAnswer(turn: Turn, moderation: Moderation): readonly Frame[] {
  const pictures = Array.from({ length: turn.imageCount }, (_, index) => pictureOf(turn, index, moderation))
  const prompt = withoutScenarioWords(turn.lastUserText).replace(/^Drawing:\s*/, '')
  for (const { uuid, index } of pictures) turn.noteDrawing(uuid, `${index + 1}: ${prompt}`)
  const tag = renderTag('g0', CARD.cardType, CARD.type, ['prompt', escapeXml(prompt)])
  const first = pictures.slice(0, 1)
  const generatedImageUrls = pictures.filter((picture) => !picture.moderated).map(finishedUrl)
  return wholeAnswer(turn, {
    layout: QUICK_LAYOUT,
    frames: [
      ...first.map(({ cardId }) => cardFrame(turn, { id: cardId, ...CARD, image_chunk: null })),
      ...first.map((picture) => progressFrame(turn, picture, 0)),
      tokenFrame(turn, 'Here you go.'),
      tokenFrame(turn, tag),
      ...pictures.map((picture) => progressFrame(turn, picture, 50)),
      ...pictures.map((picture) => progressFrame(turn, picture, 100)),
    ],
    message: `Here you go.${tag}`,
    modelResponse: { generatedImageUrls },
  })
}

function pictureOf(turn: Turn, index: number, moderation: Moderation): Picture {
  const uuid = turn.newId()
  const folder = `users/${turn.userId}/generated/${uuid}`
  return { cardId: `g${index}`, uuid, folder, index, moderated: moderation(index) }
}

function progressFrame(turn: Turn, picture: Picture, progress: 0 | 50 | 100): Frame {
  const finished = progress === 100
  const chunk: JsonObject = {
    imageUuid: picture.uuid,
    imageUrl: finished ? finishedUrl(picture) : `${picture.folder}/preview_${progress}.jpg`,
    seq: progress / 50,
    progress,
    moderated: finished && picture.moderated,
    imageIndex: picture.index,
  }
  return cardFrame(turn, { id: picture.cardId, ...CARD, image_chunk: chunk })
}

function finishedUrl(picture: Picture): string {
  return `${picture.folder}/image.jpg`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
