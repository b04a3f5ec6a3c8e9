import type { ChatRequest, PictureWishes } from '../core/chat-request.ts'
import type { Model } from '../core/model.ts'
import { parsePictureWishes, type ImageConfig } from './image-config.ts'
import { parseVideoWishes, type VideoConfig } from './video-config.ts'

/** What a chat request says of pictures and films. */
export interface MediaConfigs {
  readonly image_config?: ImageConfig | null | undefined
  readonly video_config?: VideoConfig | null | undefined
}

/** The pictures or the film that a chat request asks for, if its model makes them; `as` is how its dialect carries pictures. */
export function parseMediaWishes(
  model: Model,
  { image_config, video_config }: MediaConfigs,
  as: PictureWishes['as'],
): Pick<ChatRequest, 'pictures' | 'video'> {
  const pictures = parsePictureWishes(model, image_config, as)
  const video = parseVideoWishes(model, video_config)
  return { ...(pictures && { pictures }), ...(video && { video }) }
}
