import type { ChatEvent, ChatStream } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { PictureEvent } from '../../core/media.ts'
import { truncatedFailure } from '../failure.ts'
import { PictureSlots } from './picture-slots.ts'

/** The prompt by which a chat draws (spec/upstream-media.md §5.1). */
export function litePrompt(prompt: string): string {
  return `Drawing: ${prompt}`
}

/** The one picture that is taken from a chat that draws; the chat is left as soon as it is there. */
export async function* readLitePicture(chat: ChatStream): AsyncGenerator<readonly PictureEvent[]> {
  const slots = new PictureSlots(1)
  try {
    for await (const batch of chat) {
      const events: PictureEvent[] = []
      for (const event of batch) take(slots, event, events)
      if (events.length > 0) yield events
      if (slots.isDone) return
    }
  } catch (thrown) {
    // an answer of nothing but withheld pictures is a failure of a chat, but the outcome of a drawing
    const isWithheld = thrown instanceof GatewayError && thrown.code === 'content_policy' && !slots.isEmpty
    if (!isWithheld) throw thrown
  }
  const events: PictureEvent[] = []
  slots.end(events)
  if (events.length === 0) throw truncatedFailure('a chat that was to draw gave no picture')
  yield events
}

function take(slots: PictureSlots, event: ChatEvent, events: PictureEvent[]): void {
  if (event.type === 'image-progress') slots.advance(event.id, event.percent, events)
  else if (event.type === 'image-withheld') slots.withhold(event.id, events)
  else if (event.type === 'image') {
    const { id, url } = event
    slots.finish(id, { source: { type: 'url', url }, upstreamUrl: url }, events)
  }
}
