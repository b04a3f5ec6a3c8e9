import { z } from 'zod'
import type { SettingsService } from '../../config/settings.ts'
import { mediaTypes, type MediaType } from '../../core/media.ts'
import { MediaNameError, type MediaFile } from '../../media/media-files.ts'
import { linksBelow } from '../media-links.ts'
import { AdminError } from './admin-error.ts'
import { fieldError } from './account-filter.ts'
import { adminRoute, done, doneSchema, noInput, type AdminRoute } from './route.ts'

/** The media files that the gateway has kept. */
export interface KeptMedia {
  measure(type: MediaType): Promise<{ readonly count: number; readonly sizeBytes: number }>
  page(
    type: MediaType,
    offset: number,
    limit: number,
  ): Promise<{ readonly total: number; readonly files: readonly MediaFile[] }>
  remove(type: MediaType, name: string): Promise<boolean>
  clear(type: MediaType): Promise<number>
}

/** What the routes on kept media need. */
export interface CacheRouteParts {
  readonly media: KeptMedia
  readonly settings: SettingsService
}

const BYTES_PER_MB = 1024 * 1024
const DEFAULT_PAGE = 1000
const LARGEST_PAGE = 2000
const MAX_NAMES = 2000

const type = z.enum(mediaTypes)
const kind = z.object({
  count: z.number(),
  size_bytes: z.number(),
  size_mb: z.number(),
  limit_mb: z.number().meta({ description: '0: no limit.' }),
})
const item = z.object({
  name: z.string(),
  size_bytes: z.number(),
  modified_at: z.number().meta({ description: 'Epoch milliseconds.' }),
  view_url: z.string().meta({ description: 'Where it is served, from the root of this server.' }),
})

const action = { method: 'post', policy: 'admin' } as const

/** Pictures and videos on this host's disk: how many, which, and deleting them. */
export function cacheRoutes(parts: CacheRouteParts): readonly AdminRoute[] {
  const { media } = parts
  return [
    ...readingRoutes(parts),
    adminRoute({
      ...action,
      path: '/cache/clear',
      audit: 'cache.clear',
      summary: 'Deletes all kept files of a type.',
      input: z.object({ body: z.object({ type }) }),
      answer: doneSchema.extend({ result: z.object({ removed: z.number() }) }),
      handler: async ({ body }, { note }) => {
        const removed = await media.clear(body.type)
        note({ type: body.type, removed })
        return { ...done, result: { removed } }
      },
    }),
    adminRoute({
      ...action,
      path: '/cache/item/delete',
      audit: 'cache.delete',
      summary: 'Deletes one kept file.',
      input: z.object({ body: z.object({ type, name: z.string() }) }),
      answer: doneSchema.extend({ result: z.object({ deleted: z.string() }) }),
      handler: async ({ body }, { note }) => {
        note(body)
        if (!(await removeFile(media, body.type, body.name))) {
          throw new AdminError('not_found', 'There is no such file.')
        }
        return { ...done, result: { deleted: body.name } }
      },
    }),
    adminRoute({
      ...action,
      path: '/cache/items/delete',
      audit: 'cache.delete-several',
      summary: 'Deletes kept files by name.',
      input: z.object({ body: z.object({ type, names: z.array(z.string()).min(1).max(MAX_NAMES) }) }),
      answer: doneSchema.extend({ result: z.object({ deleted: z.number(), missing: z.number() }) }),
      handler: async ({ body }, { note }) => {
        let deleted = 0
        for (const name of body.names) if (await removeFile(media, body.type, name)) deleted++
        const result = { deleted, missing: body.names.length - deleted }
        note({ type: body.type, ...result })
        return { ...done, result }
      },
    }),
  ]
}

function readingRoutes({ media, settings }: CacheRouteParts): readonly AdminRoute[] {
  const measure = async (which: MediaType): Promise<z.input<typeof kind>> => {
    const { count, sizeBytes: bytes } = await media.measure(which)
    const { image_max_mb: images, video_max_mb: videos } = settings.current.cache.local
    return {
      count,
      size_bytes: bytes,
      size_mb: Math.round((bytes / BYTES_PER_MB) * 100) / 100,
      limit_mb: which === 'image' ? images : videos,
    }
  }
  return [
    adminRoute({
      method: 'get',
      path: '/cache',
      policy: 'admin',
      audit: 'none',
      summary: 'How much is kept on disk, by type.',
      input: noInput,
      answer: z.object({ local_image: kind, local_video: kind }),
      handler: async () => ({ local_image: await measure('image'), local_video: await measure('video') }),
    }),
    adminRoute({
      method: 'get',
      path: '/cache/list',
      policy: 'admin',
      audit: 'none',
      summary: 'A page of the kept files of a type, newest first.',
      input: z.object({
        query: z.object({
          type: type.optional(),
          cache_type: type.optional().meta({ description: 'The same as type.' }),
          page: z.coerce.number().int().min(1).default(1),
          page_size: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(DEFAULT_PAGE),
        }),
      }),
      answer: z.object({
        total: z.number(),
        page: z.number(),
        page_size: z.number(),
        items: z.array(item),
      }),
      handler: async ({ query }) => {
        const { page, page_size: pageSize } = query
        const which = query.type ?? query.cache_type ?? 'image'
        const { total, files } = await media.page(which, (page - 1) * pageSize, pageSize)
        const items = files.map((file) => encodeFile(file, which))
        return { total, page, page_size: pageSize, items }
      },
    }),
  ]
}

async function removeFile(media: KeptMedia, which: MediaType, name: string): Promise<boolean> {
  try {
    return await media.remove(which, name)
  } catch (error) {
    if (error instanceof MediaNameError) throw fieldError('name', error.message)
    throw error
  }
}

function encodeFile({ name, sizeBytes, modifiedAt }: MediaFile, which: MediaType): z.input<typeof item> {
  // from the root: a console may stand at another address than the public one
  const viewUrl = linkToFile('', which, name)
  return { name, size_bytes: sizeBytes, modified_at: modifiedAt, view_url: viewUrl }
}

/** The link to a kept file, below an address without a slash at its end. */
export function linkToFile(base: string, which: MediaType, name: string): string {
  const links = linksBelow(base)
  const id = name.replace(/\.[^.]*$/, '')
  return which === 'image' ? links.imageUrl(id) : links.videoUrl(id)
}
