import { expect, test } from 'bun:test'
import type { ChatEvent } from '../core/chat-event.ts'
import type { ConversationPlace } from './chat-call.ts'
import { ConversationPlaces } from './conversation-places.ts'

const place = { conversationId: 'c', responseId: 'r' }

async function answer(places: ConversationPlaces, prompt: string, given = true): Promise<void> {
  const open = async function* (
    onPlaced: (place: ConversationPlace) => void,
  ): AsyncGenerator<readonly ChatEvent[]> {
    yield [{ type: 'text-delta', text: 'Hel' }]
    if (given) onPlaced(place)
    yield [{ type: 'text-delta', text: 'lo.' }]
  }
  await Array.fromAsync(places.noting(open, { prompt, accountId: 7 }))
}

test('a place is found by all that was said up to it, with what is new', async () => {
  const places = new ConversationPlaces()
  await answer(places, '[system]: Be kind.\n\n[user]: Hi')
  expect(places.find('[system]: Be kind.\n\n[user]: Hi\n\n[assistant]: Hello.\n\n[user]: And\nnow?')).toEqual(
    {
      accountId: 7,
      place,
      turn: '[user]: And\nnow?',
    },
  )
})

test.each([
  ['another word', '[user]: Hi!\n\n[assistant]: Hello.\n\n[user]: x'],
  ['another answer', '[user]: Hi\n\n[assistant]: Hello!\n\n[user]: x'],
  ['nothing before', '[user]: x'],
  ['something after', '[user]: Hi\n\n[assistant]: Hello.\n\n[user]: x\n\n[assistant]: y\n\n[user]: z'],
])('with %s none is found', async (_, prompt) => {
  const places = new ConversationPlaces()
  await answer(places, '[user]: Hi')
  expect(places.find(prompt)).toBeUndefined()
})

test('an answer that was not completed has none', async () => {
  const places = new ConversationPlaces()
  await answer(places, '[user]: Hi', false)
  expect(places.find('[user]: Hi\n\n[assistant]: Hello.\n\n[user]: x')).toBeUndefined()
})
