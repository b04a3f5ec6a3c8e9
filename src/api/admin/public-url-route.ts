import { z } from 'zod'
import type { Clock } from '../../util/clock.ts'
import { mediaTypes } from '../../core/media.ts'
import { linkToFile, type KeptMedia } from './cache-routes.ts'
import { checkPublicUrl, publicUrlProblems, type PublicUrlOptions } from './public-url.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'

const MAX_URL_LENGTH = 2_048

/** What the test of the public address needs. */
export interface PublicUrlParts {
  readonly clock: Clock
  readonly publicUrl: () => string
  readonly instanceId: string
  readonly fetch: PublicUrlOptions['fetch']
  readonly media: KeptMedia
}

const urlSchema = z
  .string()
  .max(MAX_URL_LENGTH)
  .refine(isPlainAddress, { error: 'must be an http or https address without a user, a query or a fragment' })
  .transform((url) => url.replace(/\/+$/, ''))

/** The test button of `app.app_url`. */
export function publicUrlRoute({ clock, publicUrl, instanceId, fetch, media }: PublicUrlParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/config/test/public-url',
    policy: 'admin',
    audit: 'config.test-public-url',
    summary: 'Asks the public address as somebody outside would, and says what is wrong with it.',
    input: z.object({
      body: z.object({
        url: urlSchema.optional().meta({ description: 'Instead of the saved app.app_url.' }),
      }),
    }),
    answer: doneSchema.extend({
      ok: z.boolean(),
      url: z.string(),
      problem: z.enum(publicUrlProblems).nullable(),
      message: z.string(),
      elapsed_ms: z.number(),
    }),
    handler: async ({ body }, { signal, note }) => {
      const url = body.url ?? publicUrl()
      const startedAt = clock()
      const fileLink = await findOwnLink(url, media)
      const options = { instanceId, fetch, signal, ...(fileLink !== undefined && { fileLink }) }
      const { problem, message } = await checkPublicUrl(url, options)
      note({ url, problem })
      return {
        ...done,
        ok: problem === null,
        url,
        problem,
        message,
        elapsed_ms: clock() - startedAt,
      }
    },
  })
}

/** A link to the newest kept file, made as for a caller. */
export async function findOwnLink(url: string, media: PublicUrlParts['media']): Promise<string | undefined> {
  for (const type of mediaTypes) {
    const [newest] = (await media.page(type, 0, 1)).files
    if (newest) return linkToFile(url, type, newest.name)
  }
  return undefined
}

function isPlainAddress(url: string): boolean {
  if (url === '') return true
  if (!URL.canParse(url)) return false
  const { protocol, username, password, search, hash } = new URL(url)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}
