import type { Mode } from '../../core/model.ts'

/** What a chat call says, beside who says it. */
export interface ChatBodyOptions {
  readonly prompt: string
  /** Files of the account that go with it. */
  readonly fileIds: readonly string[]
  readonly mode: Mode
  /** The conversation is not kept in the account's history. */
  readonly temporary: boolean
  /** The account's personal memory is used. */
  readonly memory: boolean
  /** An instruction for every chat; blank: none. */
  readonly customInstruction: string
}

/** The screen that the service is told about; it does not matter, but it is always sent. */
const deviceEnvInfo = {
  darkModeEnabled: false,
  devicePixelRatio: 2,
  screenHeight: 1329,
  screenWidth: 2056,
  viewportHeight: 1083,
  viewportWidth: 2056,
}

const toolOverrides = {
  gmailSearch: false,
  googleCalendarSearch: false,
  outlookSearch: false,
  outlookCalendarSearch: false,
  googleDriveSearch: false,
}

/** The body of `POST /rest/app-chat/conversations/new` (spec/upstream-chat.md §3.1.1). */
export function encodeChatBody(options: ChatBodyOptions): string {
  const customInstruction = options.customInstruction.trim()
  return JSON.stringify({
    collectionIds: [],
    connectors: [],
    deviceEnvInfo,
    disableMemory: !options.memory,
    disableSearch: false,
    disableSelfHarmShortCircuit: false,
    disableTextFollowUps: false,
    enableImageGeneration: true,
    enableImageStreaming: true,
    enableSideBySide: true,
    fileAttachments: options.fileIds,
    forceConcise: false,
    forceSideBySide: false,
    imageAttachments: [],
    imageGenerationCount: 2,
    isAsyncChat: false,
    message: options.prompt,
    modeId: options.mode,
    responseMetadata: {},
    returnImageBytes: false,
    returnRawGrokInXaiRequest: false,
    searchAllConnectors: false,
    sendFinalMetadata: true,
    temporary: options.temporary,
    toolOverrides,
    ...(customInstruction !== '' && { customPersonality: customInstruction }),
  })
}
