import type { GeneratedImage } from '../../../core/chat-event.ts'
import { outputFormatOf } from '../output-format-of.ts'
import { placeFields, type EventWriter, type ItemPlace } from './event-writer.ts'
import type { ImageGenerationCallItem } from './output-item.ts'

/** Writes a picture that is finished. */
export function writeImage(
  writer: EventWriter,
  place: ItemPlace,
  { base64, mediaType }: GeneratedImage,
): ImageGenerationCallItem {
  const format = outputFormatOf(mediaType)
  const item: ImageGenerationCallItem = {
    type: 'image_generation_call',
    id: place.id,
    status: 'completed',
    result: base64,
    ...(format && { output_format: format }),
  }
  const opened = { ...item, status: 'in_progress', result: null }
  writer.add('response.output_item.added', { output_index: place.index, item: opened })
  for (const state of ['in_progress', 'generating', 'completed'])
    writer.add(`response.image_generation_call.${state}`, placeFields(place))
  writer.add('response.output_item.done', { output_index: place.index, item })
  return item
}
