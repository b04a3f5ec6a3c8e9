import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatRequest, PictureWishes } from '../core/chat-request.ts'
import { filterEvents } from '../core/event-filter.ts'
import type { MediaLinks } from '../core/media.ts'
import type { Tokenizer } from '../core/output-cap.ts'
import { countPromptTokens } from '../core/usage.ts'
import type { Caller, Chat } from './chat.ts'
import type { ImageEvent, Picture } from './deliver-pictures.ts'
import { parseImageQuestion } from './image-question.ts'
import { openImages, type ImageParts, type ImagesEnd } from './images.ts'

export interface ImageChatParts extends ImageParts {
  readonly tokenizer: Tokenizer
}

/** A chat whose model draws: its progress is the thinking, its pictures are the answer (spec/public-api.md §5.1, §5.2). */
export async function openImageChat(
  parts: ImageChatParts,
  request: ChatRequest & { readonly pictures: PictureWishes },
  caller: Caller,
): Promise<Chat> {
  const question = parseImageQuestion(request)
  const images = await openImages(parts, question, { form: request.pictures.form, caller })
  let promptTokens: Promise<number> | undefined
  const { prompt, references } = question
  return {
    countPromptTokens: () => (promptTokens ??= countPromptTokens(parts.tokenizer, prompt, references.length)),
    open: (filters = []) => filterEvents(narrate(images.open(), request, caller.links), filters),
    servedBy: () => images.servedBy(),
  }
}

async function* narrate(
  images: AsyncIterable<readonly (ImageEvent | ImagesEnd)[]>,
  request: ChatRequest & { readonly pictures: PictureWishes },
  links: MediaLinks,
): AsyncGenerator<readonly ChatEvent[]> {
  const narrator = new Narrator(request, links)
  for await (const batch of images) yield batch.flatMap((event) => narrator.tell(event))
}

/** Says in a chat's words what becomes of the pictures. */
class Narrator {
  readonly #wishes: PictureWishes
  readonly #reasoning: boolean
  readonly #links: MediaLinks
  #hasText = false

  constructor(
    { pictures, reasoning }: ChatRequest & { readonly pictures: PictureWishes },
    links: MediaLinks,
  ) {
    this.#wishes = pictures
    this.#reasoning = reasoning
    this.#links = links
  }

  tell(event: ImageEvent | ImagesEnd): readonly ChatEvent[] {
    switch (event.type) {
      case 'picture-progress':
        return [
          { type: 'image-progress', id: String(event.index), percent: event.percent },
          ...this.#think(`${this.#name(event.index)}: ${event.percent} %\n`),
        ]
      case 'picture-withheld':
        return this.#think(`${this.#name(event.index)} was withheld by the upstream.\n`)
      case 'picture':
        return [this.#show(event.picture)]
      case 'images-end':
        return [...this.#reportMissing(event), { type: 'finish', reason: 'stop' }]
      default:
        return [] // previews stand in no text
    }
  }

  #name(index: number): string {
    return `Picture ${index + 1} of ${this.#wishes.count}`
  }

  #think(text: string): readonly ChatEvent[] {
    return this.#reasoning ? [{ type: 'reasoning-delta', text, kind: 'raw' }] : []
  }

  #show(picture: Picture): ChatEvent {
    if (picture.type === 'kept') return this.#paragraph(`![image](${this.#links.imageUrl(picture.file.id)})`)
    const base64 = Buffer.from(picture.bytes).toString('base64')
    const { mediaType } = picture
    return this.#wishes.as === 'item'
      ? { type: 'generated-image', base64, mediaType }
      : this.#paragraph(`![image](data:${mediaType};base64,${base64})`)
  }

  #reportMissing({ made, withheld }: ImagesEnd): readonly ChatEvent[] {
    const { count } = this.#wishes
    if (made >= count) return []
    const reason = withheld > 0 ? ` ${withheld} withheld by the upstream under its usage guidelines.` : ''
    return [this.#paragraph(`*${made} of ${count} pictures.${reason}*`)]
  }

  #paragraph(text: string): ChatEvent {
    const gap = this.#hasText ? '\n\n' : ''
    this.#hasText = true
    return { type: 'text-delta', text: gap + text }
  }
}
