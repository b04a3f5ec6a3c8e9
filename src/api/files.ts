import { Hono, type Context } from 'hono'
import { GatewayError } from '../core/error.ts'
import type { KeptFile, MediaType } from '../core/media.ts'
import { parseRange } from './byte-range.ts'
import type { ApiEnv } from './context.ts'

/** A kept file, with its place on disk. */
export interface FileToServe extends KeptFile {
  readonly name: string
  readonly path: string
}

/** What the file routes need. */
export interface FilePartsToServe {
  readonly keptMedia: {
    /** A kept file by its id; undefined if there is none, or the id is none. */
    find(type: MediaType, id: string): Promise<FileToServe | undefined>
  }
}

/**
 * `GET` and `HEAD /v1/files/image|video?id=` (spec/public-api.md §11): kept files for whoever knows their id, so that a
 * browser can show them. What an id names never changes.
 */
export function fileRoutes({ keptMedia }: FilePartsToServe): Hono<ApiEnv> {
  const serve = (type: MediaType) => async (c: Context<ApiEnv>) => {
    const file = await keptMedia.find(type, c.req.query('id') ?? '')
    if (!file) throw new GatewayError('not_found', `There is no ${type} of this id here.`, { param: 'id' })
    return answerFile(c, file)
  }
  return new Hono<ApiEnv>().get('/files/image', serve('image')).get('/files/video', serve('video'))
}

/** A kept file, or the part of it that is asked for. */
export function answerFile(c: Context<ApiEnv>, file: FileToServe): Response {
  c.env?.allowSilence?.() // a player that is paused reads nothing for long
  const headers = describe(file)
  if (isUnchanged(c, headers)) return new Response(null, { status: 304, headers })
  const range = mayBeRange(c, headers) ? parseRange(c.req.header('range'), file.sizeBytes) : 'whole'
  if (range === 'unsatisfiable') {
    const unsatisfiable = { ...headers, 'content-range': `bytes */${file.sizeBytes}`, 'content-length': '0' }
    return new Response(null, { status: 416, headers: unsatisfiable })
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.sizeBytes } : range
  const part = {
    ...headers,
    'content-length': String(end - start),
    ...(range !== 'whole' && { 'content-range': `bytes ${start}-${end - 1}/${file.sizeBytes}` }),
  }
  const body = c.req.method === 'HEAD' ? null : Bun.file(file.path).slice(start, end, file.mediaType).stream()
  return new Response(body, { status: range === 'whole' ? 200 : 206, headers: part })
}

/**
 * Whatever a browser takes the file for, nothing in it runs. A film that is opened by itself is played by a page that the
 * browser makes, which loads it once more: from its own origin, or not at all (seen in Chromium).
 */
const policies: Readonly<Record<MediaType, string>> = {
  image: "default-src 'none'; sandbox",
  video: "default-src 'none'; media-src 'self'; sandbox allow-same-origin",
}

function describe({ id, type, mediaType, sizeBytes, createdAt, name }: FileToServe) {
  return {
    'content-type': mediaType,
    etag: `"${id}-${sizeBytes.toString(36)}"`,
    'last-modified': new Date(createdAt).toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=31536000, immutable',
    'content-disposition': `inline; filename="${name}"`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': policies[type],
    // pages of other origins may show it: that is what the links are for
    'cross-origin-resource-policy': 'cross-origin',
  }
}

type Headers = ReturnType<typeof describe>

function isUnchanged(c: Context<ApiEnv>, headers: Headers): boolean {
  const tags = c.req.header('if-none-match')
  if (tags !== undefined) {
    return tags.split(',').some((tag) => ['*', headers.etag].includes(tag.trim().replace(/^W\//, '')))
  }
  const since = Date.parse(c.req.header('if-modified-since') ?? '')
  return Date.parse(headers['last-modified']) <= since
}

/** A part is only of use to whoever has the rest of the same file. */
function mayBeRange(c: Context<ApiEnv>, headers: Headers): boolean {
  const condition = c.req.header('if-range')
  return condition === undefined || condition === headers.etag || condition === headers['last-modified']
}
