import type { ResponseArchive } from '../../../gateway/response-archive.ts'
import type { Log } from '../../../util/log.ts'
import type { ChatDoorParts } from '../../chat-door.ts'

/** What the Responses API needs. */
export interface ResponsesParts extends ChatDoorParts {
  readonly responses: ResponseArchive
  readonly apiKeys: () => readonly string[]
  readonly log: Log
}
