import { responseFrame, type Frame, type JsonObject } from './frame.ts'
import type { Turn } from './turn.ts'

const MILLISECONDS_TO_MODEL_RESPONSE = 3900

/** The first frame of a new conversation, spec/upstream-chat.md §5.1.2. */
export function conversationFrame(turn: Turn): Frame {
  const conversation = {
    conversationId: turn.conversationId,
    title: 'New conversation',
    starred: false,
    createTime: turn.iso(),
    modifyTime: turn.iso(17),
    systemPromptName: '',
    temporary: turn.temporary,
    mediaTypes: [],
    workspaces: [],
  }
  return { role: 'conversation', body: { result: { conversation } } }
}

/** The echo of the user's message, spec/upstream-chat.md §5.1.3. */
export function userFrame(turn: Turn): Frame {
  const userResponse = {
    responseId: turn.userResponseId,
    message: turn.message,
    sender: 'human',
    createTime: turn.iso(19),
    manual: false,
    partial: false,
    shared: false,
    query: '',
    queryType: '',
    webSearchResults: [],
    xpostIds: [],
    fileAttachments: turn.fileAttachments,
    imageAttachments: [],
  }
  return responseFrame('user', {
    userResponse,
    isThinking: false,
    isSoftStop: false,
    responseId: turn.userResponseId,
  })
}

/** How the page should lay the answer out, spec/upstream-chat.md §5.1.3. */
export interface Layout {
  readonly reasoningUiLayout: 'UNIFIED' | 'SPLIT' | 'HEAVY' | 'FUNCTION_CALL'
  readonly willThinkLong: boolean
  readonly rolloutIds: readonly string[]
}

/** The layout of an answer without thinking. */
export const QUICK_LAYOUT: Layout = { reasoningUiLayout: 'UNIFIED', willThinkLong: false, rolloutIds: [] }

/** The layout of an answer with one thinking agent. */
export const THINKING_LAYOUT: Layout = {
  reasoningUiLayout: 'UNIFIED',
  willThinkLong: true,
  rolloutIds: ['Grok'],
}

/** The `uiLayout` frame. */
export function layoutFrame(turn: Turn, layout: Layout): Frame {
  const { reasoningUiLayout, willThinkLong, rolloutIds } = layout
  const effort = willThinkLong ? 'HIGH' : 'LOW'
  return answerFrame('layout', turn, {
    uiLayout: { reasoningUiLayout, willThinkLong, effort, rolloutIds },
  })
}

/** The `llmInfo` frame. */
export function llmInfoFrame(turn: Turn): Frame {
  return answerFrame('info', turn, { llmInfo: { modelHash: 'Zm9vYmFyMDEyMw==' } })
}

/** A piece of the visible answer. */
export function tokenFrame(turn: Turn, token: string): Frame {
  return responseFrame('token', {
    token,
    isThinking: false,
    isSoftStop: false,
    responseId: turn.responseId,
    messageTag: 'final',
  })
}

/** A piece of thinking, spec/upstream-chat.md §5.1.3 "messageTag values". */
export interface Thought {
  readonly token: string
  readonly messageTag: 'header' | 'summary' | 'analysis'
  readonly messageStepId: number
  readonly rolloutId: string
}

/** The frame of a thought. */
export function thinkingFrame(turn: Turn, thought: Thought): Frame {
  return responseFrame('thinking', {
    token: thought.token,
    isThinking: true,
    isSoftStop: false,
    responseId: turn.responseId,
    messageTag: thought.messageTag,
    messageStepId: thought.messageStepId,
    rolloutId: thought.rolloutId,
  })
}

/** A card, whose data travels as JSON text, spec/upstream-chat.md §5.1.7. */
export function cardFrame(turn: Turn, data: JsonObject): Frame {
  return answerFrame('card', turn, { cardAttachment: { jsonData: JSON.stringify(data) } })
}

/** The frame that ends the generation. */
export function softStopFrame(turn: Turn): Frame {
  return responseFrame('soft-stop', {
    token: '',
    isThinking: false,
    isSoftStop: true,
    responseId: turn.responseId,
  })
}

/** Follow-up suggestions and the end marker of the metadata. */
export function finalMetadataFrame(turn: Turn, followUps: readonly string[]): Frame {
  const followUpSuggestions = followUps.map((label) => ({
    label,
    properties: { messageType: 'FOLLOW_UP_SUGGESTION', followUpType: 'STANDARD' },
  }))
  return answerFrame('final-metadata', turn, {
    finalMetadata: { followUpSuggestions, feedbackLabels: [], toolsUsed: {}, disclaimer: '' },
  })
}

/** The complete final message, spec/upstream-chat.md §5.1.8; `extra` overrides or adds keys. */
export function modelResponseFrame(turn: Turn, message: string, extra: JsonObject = {}): Frame {
  const modelResponse = {
    responseId: turn.responseId,
    message,
    sender: 'ASSISTANT',
    createTime: turn.iso(MILLISECONDS_TO_MODEL_RESPONSE),
    parentResponseId: turn.userResponseId,
    manual: false,
    partial: false,
    shared: false,
    query: '',
    queryType: '',
    webSearchResults: [],
    citedWebSearchResults: [],
    xposts: [],
    generatedImageUrls: [],
    imageEditUris: [],
    fileAttachments: [],
    cardAttachmentsJson: [],
    streamErrors: [],
    steps: [],
    ...extra,
  }
  return answerFrame('model-response', turn, { modelResponse })
}

/** The title that the service finds for the conversation. */
export function titleFrame(newTitle: string): Frame {
  return { role: 'title', body: { result: { title: { newTitle } } } }
}

/** A frame that belongs to the answer but is neither a token nor a thought. */
export function answerFrame(
  role: 'layout' | 'info' | 'card' | 'final-metadata' | 'model-response',
  turn: Turn,
  object: JsonObject,
): Frame {
  return responseFrame(role, { ...object, isThinking: false, isSoftStop: false, responseId: turn.responseId })
}
