import type { ResponseArchive } from '../../../gateway/response-archive.ts'
import type { Log } from '../../../util/log.ts'
import type { ChatDoorParts } from '../../chat-door.ts'

/** What the Responses API needs. */
export interface ResponsesParts extends ChatDoorParts {
  readonly responses: ResponseArchive
  /** Where answers that are not to be stored live on, as long as their connection does; absent without one. */
  readonly unstored?: Pick<ResponseArchive, 'keep'>
  readonly apiKeys: () => readonly string[]
  readonly log: Log
}
