import type { Citation } from '../../../core/chat-event.ts'
import { deltaRest, placeFields, type EventWriter, type ItemPlace } from './event-writer.ts'
import type { ItemStatus, MessageItem, OutputRefusal, OutputText, UrlCitation } from './output-item.ts'

interface OpenPart {
  readonly type: 'output_text' | 'refusal'
  readonly index: number
  readonly pieces: string[]
  readonly annotations: UrlCitation[]
  readonly rest: string
}

/** A message under way: its parts are opened and closed one after another. */
export class OpenMessage {
  readonly type = 'message'
  readonly #writer: EventWriter
  readonly #place: ItemPlace
  /** Code points of the whole answer's text before this message: citations count from the answer's start. */
  readonly #textBefore: number
  readonly #parts: (OutputText | OutputRefusal)[] = []
  #part: OpenPart | undefined

  constructor(writer: EventWriter, place: ItemPlace, textBefore: number) {
    this.#writer = writer
    this.#place = place
    this.#textBefore = textBefore
    writer.add('response.output_item.added', {
      output_index: place.index,
      item: this.snapshot('in_progress'),
    })
  }

  addText(text: string): void {
    const part = this.#partOf('output_text')
    part.pieces.push(text)
    this.#writer.addDelta('response.output_text.delta', part.rest, text)
  }

  addRefusal(text: string): void {
    const part = this.#partOf('refusal')
    part.pieces.push(text)
    this.#writer.addDelta('response.refusal.delta', part.rest, text)
  }

  /** Leaves out a citation of text that stands in an earlier message: that one is closed. */
  addCitation({ url, title, start, end }: Citation): void {
    if (start < this.#textBefore) return
    const part = this.#partOf('output_text')
    const annotation: UrlCitation = {
      type: 'url_citation',
      url,
      title,
      start_index: start - this.#textBefore,
      end_index: end - this.#textBefore,
    }
    this.#writer.add('response.output_text.annotation.added', {
      ...placeFields(this.#place),
      content_index: part.index,
      annotation_index: part.annotations.length,
      annotation,
    })
    part.annotations.push(annotation)
  }

  close(status: 'completed' | 'incomplete'): MessageItem {
    if (this.#parts.length === 0) this.#partOf('output_text')
    this.#closePart()
    const item = this.snapshot(status)
    this.#writer.add('response.output_item.done', { output_index: this.#place.index, item })
    return item
  }

  /** The item as it stands. */
  snapshot(status: ItemStatus): MessageItem {
    const content = this.#part ? [...this.#parts, contentOf(this.#part)] : [...this.#parts]
    return { type: 'message', id: this.#place.id, status, role: 'assistant', content }
  }

  #partOf(type: OpenPart['type']): OpenPart {
    if (this.#part?.type === type) return this.#part
    this.#closePart()
    const index = this.#parts.length
    const place = { ...placeFields(this.#place), content_index: index }
    const rest = deltaRest(type === 'output_text' ? { ...place, logprobs: [] } : place)
    const part: OpenPart = { type, index, pieces: [], annotations: [], rest }
    this.#writer.add('response.content_part.added', { ...place, part: contentOf(part) })
    this.#part = part
    return part
  }

  #closePart(): void {
    const part = this.#part
    if (!part) return
    this.#part = undefined
    const place = { ...placeFields(this.#place), content_index: part.index }
    const content = contentOf(part)
    if (content.type === 'output_text')
      this.#writer.add('response.output_text.done', { ...place, text: content.text, logprobs: [] })
    else this.#writer.add('response.refusal.done', { ...place, refusal: content.refusal })
    this.#writer.add('response.content_part.done', { ...place, part: content })
    this.#parts.push(content)
  }
}

function contentOf({ type, pieces, annotations }: OpenPart): OutputText | OutputRefusal {
  const text = pieces.join('')
  return type === 'refusal'
    ? { type, refusal: text }
    : { type, text, annotations: [...annotations], logprobs: [] }
}
