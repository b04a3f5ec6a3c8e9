import { Hono } from 'hono'
import type { ChatDoorParts } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { createImages, editImages } from './create-images.ts'

/** The images API, to be mounted at `/v1/images`. */
export function imagesRoutes(parts: ChatDoorParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.post('/generations', createImages(parts))
  routes.post('/edits', editImages(parts))
  return routes
}
