import type { JsonObject } from '../answers/frame.ts'
import { assetUrl, publicUrl } from '../media/addresses.ts'
import { servedFile } from '../media/put-files.ts'
import { createSlots, type RoundFacts, type Slot } from './slots.ts'

/** A frame of a round, built when it goes out: drawing all pictures at once would hold up every other client. */
export interface RoundFrame {
  readonly stage: 'announce' | 'preview' | 'final' | 'completed'
  readonly build: () => JsonObject
}

/** The frames of a round in their order, spec/upstream-media.md §4.4 and §4.10: every slot is announced before any is completed. */
export function roundFrames(round: RoundFacts): readonly RoundFrame[] {
  const slots = createSlots(round)
  const usable = (slot: Slot): readonly RoundFrame[] =>
    slot.moderated ? [] : [{ stage: 'final', build: () => finalFrame(round, slot) }]
  const has = (effect: string): boolean => round.faults.some((fault) => fault.effect === effect)
  const endings = slots.flatMap((slot): readonly RoundFrame[] => {
    const completed: RoundFrame = { stage: 'completed', build: () => completedFrame(round, slot) }
    return has('completed-first') ? [completed, ...usable(slot)] : [...usable(slot), completed]
  })
  return [
    ...slots.map((slot): RoundFrame => ({ stage: 'announce', build: () => announcement(round, slot) })),
    ...slots.map((slot): RoundFrame => ({ stage: 'preview', build: () => previewFrame(round, slot) })),
    ...(has('preview-only') ? [] : endings),
  ]
}

function announcement(round: RoundFacts, slot: Slot): JsonObject {
  const { width, height } = slot.facts
  return {
    type: 'json',
    current_status: 'start_stage',
    ...identity(round, slot),
    width,
    height,
    percentage_complete: 0,
  }
}

function previewFrame(round: RoundFacts, slot: Slot): JsonObject {
  const bytes = slot.preview()
  const { state } = round
  const file = servedFile(state, null, 'image/png', bytes)
  state.publicFiles.put(`imagine-public/images/${slot.id}.png`, file)
  const path = `users/${round.account.userId}/generated/${slot.id}-part-0/image.png`
  state.generatedFiles.put(path, { ...file, userId: round.account.userId })
  return imageFrame(round, slot, { percentage: 50, extension: 'png', path, bytes })
}

function finalFrame(round: RoundFacts, slot: Slot): JsonObject {
  // Its address must lead somewhere at once, also before the whole round is over.
  slot.place()
  const path = `users/${round.account.userId}/generated/${slot.id}/image.jpg`
  const frame = imageFrame(round, slot, { percentage: 100, extension: 'jpg', path, bytes: slot.final() })
  return { ...frame, moderated: false, r_rated: false }
}

interface Shown {
  readonly percentage: number
  readonly extension: string
  readonly path: string
  readonly bytes: Uint8Array
}

function imageFrame(round: RoundFacts, slot: Slot, shown: Shown): JsonObject {
  const { faults, prompt, request } = round
  const has = (effect: string): boolean => faults.some((fault) => fault.effect === effect)
  const { width, height } = slot.facts
  return {
    type: 'image',
    ...identity(round, slot),
    side_by_side_index: slot.order,
    grid_index: slot.order,
    percentage_complete: shown.percentage,
    width,
    height,
    model_name: request.isQuality ? 'imagine_h_1' : 'imagine_x_1',
    prompt,
    full_prompt: `${prompt}, in soft light`,
    section_id: 0,
    is_alteration: false,
    suggested_moderation_rule: 'MODERATION_RULE_DEFAULT',
    ...(has('no-url') ? {} : { url: addressOf(round, slot, shown) }),
    ...(has('no-blob') ? {} : { blob: Buffer.from(shown.bytes).toString('base64') }),
  }
}

function addressOf({ state, origin }: RoundFacts, slot: Slot, { extension, path }: Shown): string {
  const kind = state.behaviour.imagineUrl
  if (kind === 'public') return publicUrl(state, origin, `imagine-public/images/${slot.id}.${extension}`)
  return kind === 'asset' ? assetUrl(state, origin, path) : path
}

function completedFrame(round: RoundFacts, slot: Slot): JsonObject {
  const { moderated } = slot
  const state = { current_status: 'completed', percentage_complete: 100, moderated, r_rated: moderated }
  return { type: 'json', ...identity(round, slot), ...state }
}

// Both families of ids: clients of two generations look at different ones.
function identity({ request }: RoundFacts, { id, order }: Slot): JsonObject {
  return { id, image_id: id, job_id: id, request_id: request.requestId, order }
}
