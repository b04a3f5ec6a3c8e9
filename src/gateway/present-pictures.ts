import type { ChatEvent, Image } from '../core/chat-event.ts'
import { toGatewayError } from '../core/error.ts'
import type { EventFilter } from '../core/event-filter.ts'
import type { MediaLinks } from '../core/media.ts'
import { describeError, type Log } from '../util/log.ts'
import { mapLimit } from '../util/map-limit.ts'
import type { MediaIdentity, MediaKeeper } from './media-keeper.ts'

/** How pictures stand in a chat's answer (`features.image_format`). */
export type PictureFormat = 'grok_url' | 'local_url' | 'grok_md' | 'local_md' | 'base64'

/** What decides how pictures are presented. */
export interface PictureSettings {
  readonly format: PictureFormat
  /** Pictures on the upstream's public hosts are kept here, too (`features.imagine_public_image_proxy`). */
  readonly keepsPublic: boolean
}

export interface PresenterParts {
  readonly keeper: MediaKeeper
  readonly settings: PictureSettings
  readonly links: MediaLinks
  readonly isPublic: (url: string) => boolean
  /** Of the account that made the pictures: only it may fetch them. */
  readonly identity: MediaIdentity
  readonly requestId: string
  readonly log: Log
}

const PARALLEL_PICTURES = 4

/** Brings the pictures of an answer here, as the format demands, and says how each stands in the text (§4.7). */
export class PicturePresenter implements EventFilter {
  readonly #parts: PresenterParts

  constructor(parts: PresenterParts) {
    this.#parts = parts
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] | Promise<readonly ChatEvent[]> {
    if (!batch.some(({ type }) => type === 'image')) return batch
    return mapLimit(batch, PARALLEL_PICTURES, async (event) =>
      event.type === 'image' ? { ...event, text: await this.#present(event) } : event,
    )
  }

  /** What cannot be brought here is linked to where it is, without any dress: the link may need a login. */
  async #present({ url }: Image): Promise<string> {
    const { identity, requestId, log } = this.#parts
    try {
      return await this.#dress(url)
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      if (identity.signal.aborted) throw failure
      log.warn('a picture could not be brought here', { requestId, error: describeError(failure) })
      return url
    }
  }

  async #dress(url: string): Promise<string> {
    const format = this.#formatFor(url)
    const link = await this.#bring(url, format)
    return format.endsWith('url') ? link : `![image](${link})`
  }

  #bring(url: string, format: PictureFormat): Promise<string> | string {
    if (format === 'base64') return this.#embed(url)
    return format.startsWith('local') ? this.#keep(url) : url
  }

  #formatFor(url: string): PictureFormat {
    const { settings, isPublic } = this.#parts
    const { format } = settings
    if (!settings.keepsPublic || !isPublic(url)) return format
    return format === 'grok_url' ? 'local_url' : format === 'grok_md' ? 'local_md' : format
  }

  async #keep(url: string): Promise<string> {
    const { keeper, links, identity } = this.#parts
    return links.imageUrl((await keeper.keep('image', { type: 'url', url }, identity)).id)
  }

  async #embed(url: string): Promise<string> {
    const { keeper, identity } = this.#parts
    const { bytes, mediaType } = await keeper.readPicture({ type: 'url', url }, identity)
    return `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`
  }
}
