import type { ChatEvent } from '../core/chat-event.ts'
import type { CardBook } from './cards.ts'
import { CitationBook, countCodePoints } from './citations.ts'
import { RenderTagReader, type AnswerPiece } from './render-tags.ts'
import type { SourceBook } from './sources.ts'

/** The longest answer that is relayed, in UTF-16 units; the upstream's own are far shorter. */
const MAX_ANSWER_LENGTH = 16 * 1024 * 1024

/** The answer is longer than the gateway relays. */
export class AnswerTooLongError extends Error {
  override readonly name = 'AnswerTooLongError'
}

/** Turns the raw text of an answer into what the reader sees: references to cards become markers and pictures. */
export class AnswerText {
  readonly #cards: CardBook
  readonly #sources: SourceBook
  readonly #tags = new RenderTagReader()
  readonly #citations = new CitationBook()
  #raw = ''
  #visible = ''
  /** Code points of `#visible` up to `#countedTo`: counted only when a citation needs it. */
  #counted = 0
  #countedTo = 0
  #lastCitation = { number: 0, at: -1 }

  constructor(cards: CardBook, sources: SourceBook) {
    this.#cards = cards
    this.#sources = sources
  }

  /** Whether the reader has got any text. */
  get isEmpty(): boolean {
    return this.#visible === ''
  }

  /** Takes the next raw piece of the answer. */
  push(token: string, events: ChatEvent[]): void {
    this.#raw += token
    if (this.#raw.length > MAX_ANSWER_LENGTH)
      throw new AnswerTooLongError(`over ${MAX_ANSWER_LENGTH} characters`)
    for (const piece of this.#tags.push(token)) this.#emit(piece, events)
  }

  /** Shows a card where the text stands now, as a tag in the text would. */
  show(cardId: string, kind: string, events: ChatEvent[]): void {
    this.end(events) // what was held back stands before it
    this.#emitCard(cardId, kind, events)
  }

  /** Takes the whole raw answer, as it comes at the end: what is missing of it is added (§5.1.8, reconciliation). */
  reconcile(message: string, events: ChatEvent[]): void {
    // the lengths first: to compare the texts, the pieces must be put together
    if (message.length > this.#raw.length && message.startsWith(this.#raw)) {
      this.push(message.slice(this.#raw.length), events)
    }
  }

  /** Lets go of what was held back; the answer is over. */
  end(events: ChatEvent[]): void {
    for (const piece of this.#tags.end()) this.#emit(piece, events)
  }

  #emit(piece: AnswerPiece, events: ChatEvent[]): void {
    if (piece.type === 'text') this.#emitText(piece.text, events)
    else this.#emitCard(piece.cardId, piece.kind, events)
  }

  #emitText(text: string, events: ChatEvent[]): void {
    this.#visible += text
    events.push({ type: 'text-delta', text })
  }

  #emitCard(cardId: string, kind: string, events: ChatEvent[]): void {
    const card = this.#cards.find(cardId)
    if (!card) return
    if (kind === 'render_inline_citation' && card.url !== undefined) this.#cite(card.url, card.title, events)
    if (kind === 'render_searched_image' && card.searchedImage) {
      const { title, source, link } = card.searchedImage
      const picture = `![${title}](${source})`
      this.#emitText(link === undefined ? picture : `[${picture}](${link})`, events)
    }
  }

  #cite(url: string, title: string | undefined, events: ChatEvent[]): void {
    const length = this.#countVisible()
    const cited = this.#citations.cite(url, title ?? this.#sources.titleOf(url), length)
    if (!cited) return
    const { citation, marker } = cited
    const isRepeat = this.#lastCitation.at === length && this.#lastCitation.number === citation.number
    if (isRepeat) return
    this.#lastCitation = { number: citation.number, at: citation.end }
    this.#emitText(marker, events)
    events.push(citation)
  }

  #countVisible(): number {
    this.#counted += countCodePoints(this.#visible.slice(this.#countedTo))
    this.#countedTo = this.#visible.length
    return this.#counted
  }
}
