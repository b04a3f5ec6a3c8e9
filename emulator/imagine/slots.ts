import { finalPicture, previewPng, type PictureFacts } from '../media/picture.ts'
import { putPicture } from '../media/put-files.ts'
import { imageSize } from '../media/sizes.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { MediaFault } from '../state/faults.ts'
import type { ImagineRequest } from './request.ts'

/** One picture of a round. */
export interface Slot {
  readonly id: string
  readonly order: number
  readonly moderated: boolean
  readonly facts: PictureFacts
  readonly preview: () => Uint8Array<ArrayBuffer>
  /** The finished picture, drawn once. */
  readonly final: () => Uint8Array<ArrayBuffer>
  /** Puts the finished picture where its addresses lead; done once. */
  readonly place: () => void
}

/** What a round is made from. */
export interface RoundFacts {
  readonly state: EmulatorState
  readonly account: Account
  readonly request: ImagineRequest
  /** How long the round takes. */
  readonly seconds: number
  /** The prompt without its scenario words. */
  readonly prompt: string
  readonly faults: readonly MediaFault[]
  /** The emulator's own address. */
  readonly origin: string
}

/** The pictures of a round; each is noted as a generation, which ends when the round should. */
export function createSlots(round: RoundFacts): readonly Slot[] {
  const { request, faults } = round
  const fewer = faults.find(({ effect }) => effect === 'fewer')
  const count =
    fewer === undefined ? request.count : Math.min(fewer.count ?? request.count - 1, request.count)
  return Array.from({ length: count }, (_, order) => createSlot(round, order))
}

function createSlot(round: RoundFacts, order: number): Slot {
  const { state, request, prompt, faults } = round
  const id = state.ids.next()
  const label = request.isQuality ? 'QUALITY' : 'SPEED'
  const facts = { ...imageSize(request.ratio), prompt, slot: order, label, id }
  const moderated = faults.some(
    ({ effect, slots }) => effect === 'moderated' && (slots?.includes(order) ?? true),
  )
  let drawn: Uint8Array<ArrayBuffer> | null = null
  const final = (): Uint8Array<ArrayBuffer> => (drawn ??= finalPicture(facts))
  const { userId } = round.account
  const path = `users/${userId}/generated/${id}/image.jpg`
  let isPlaced = false
  const place = (): void => {
    if (isPlaced || moderated) return
    isPlaced = true
    putPicture(state, { userId, id, path, prompt, bytes: final(), faults })
  }
  noteGeneration(round, { id, path, moderated, place })
  return { id, order, moderated, facts, preview: () => previewPng(facts), final, place }
}

interface Noted extends Pick<Slot, 'id' | 'moderated' | 'place'> {
  readonly path: string
}

function noteGeneration({ state, account, request, prompt, seconds }: RoundFacts, noted: Noted): void {
  const { id, path, moderated, place } = noted
  const createdAt = state.clock.now()
  state.generations.add(
    {
      id,
      kind: 'image',
      dialect: 'socket',
      account: account.token,
      userId: account.userId,
      prompt,
      message: prompt,
      conversationId: null,
      // A picture of the socket is its own post, spec/upstream-media.md §4.4.1.
      postId: id,
      parentPostId: null,
      extendPostId: null,
      startTime: null,
      length: null,
      totalLength: null,
      ratio: request.ratio,
      resolution: null,
      references: [],
      paths: [path],
      createdAt,
      finishesAt: createdAt + seconds * 1000,
      ending: moderated ? 'moderated' : 'finished',
    },
    place,
  )
}
