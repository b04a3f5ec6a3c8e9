import { Hono } from 'hono'
import { postView } from '../media/post-view.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Generation } from '../state/generations.ts'
import type { ServedFile } from '../state/stores.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'

const KIND = 'CONVERSATION_KIND_IMAGINE'
const DEFAULT_PAGE_SIZE = 40
const MAX_PAGE_SIZE = 100

/** The Imagine history (E11b) and the turns of one conversation (E11c), spec/upstream-media.md §12.5 and §9.4. */
export function imagineHistoryRoutes(state: EmulatorState): Hono<ProductEnv> {
  const account = requireAccount(state)
  return new Hono<ProductEnv>()
    .get('/rest/app-chat/conversations', account, (c) => listConversations(state, c))
    .get('/rest/app-chat/conversations/:id/responses', account, (c) => listTurns(state, c))
}

/** Newest first; only the Imagine kind is played. */
function listConversations(state: EmulatorState, c: ProductContext): Response {
  if (c.req.query('kind') !== KIND)
    return c.json({ conversations: [], textSearchMatches: [], nextPageToken: '' })
  const { userId } = c.get('account')
  const own = state.generations
    .list()
    .filter((one) => one.userId === userId && one.conversationId !== null)
    .toReversed()
  const ids = [...new Set(own.map(({ conversationId }) => conversationId ?? ''))]
  const pageToken = c.req.query('pageToken') ?? ''
  const start = pageToken === '' ? 0 : ids.indexOf(pageToken)
  const pageSize = Number(c.req.query('pageSize') ?? DEFAULT_PAGE_SIZE)
  if (start === -1 || !Number.isInteger(pageSize) || pageSize < 1) {
    return serviceError(400, 3, 'Invalid pageToken or pageSize')
  }
  const end = start + Math.min(pageSize, MAX_PAGE_SIZE)
  const conversations = ids.slice(start, end).map((id) => {
    return conversationView(
      state,
      id,
      own.filter(({ conversationId }) => conversationId === id),
    )
  })
  return c.json({ conversations, textSearchMatches: [], nextPageToken: ids[end] ?? '' })
}

function conversationView(
  state: EmulatorState,
  conversationId: string,
  generations: readonly Generation[],
): object {
  const [first] = generations
  const createTime = new Date(generations.at(-1)?.createdAt ?? 0).toISOString()
  const finished = generations.find((one) => state.generations.stateOf(one) === 'finished')
  return {
    conversationId,
    title: first?.prompt.slice(0, 40) ?? '',
    starred: false,
    createTime,
    modifyTime: createTime,
    systemPromptName: '',
    temporary: false,
    mediaTypes: [],
    workspaces: [],
    taskResult: {},
    ...(finished === undefined
      ? {}
      : { latestAssetMetadata: { ...assetView(state, finished), currentConversationId: conversationId } }),
    kind: KIND,
  }
}

/** The user's turn, and the answer once the generation is over. */
function listTurns(state: EmulatorState, c: ProductContext): Response {
  const { userId } = c.get('account')
  const conversationId = c.req.param('id')
  const own = state.generations
    .list()
    .filter((one) => one.userId === userId && one.conversationId === conversationId)
  const [first] = own
  if (first === undefined) return serviceError(404, 5, 'Conversation not found')
  const { origin } = new URL(c.req.url)
  const finished = own.filter((one) => state.generations.stateOf(one) === 'finished')
  const question = {
    responseId: `${conversationId}-1`,
    message: first.message,
    sender: 'human',
    createTime: new Date(first.createdAt).toISOString(),
    partial: false,
  }
  const videos = finished.filter(({ kind }) => kind === 'video')
  const answer = {
    responseId: `${conversationId}-2`,
    parentResponseId: question.responseId,
    message: videos.length > 0 ? 'I generated a video' : 'I edited the picture',
    sender: 'ASSISTANT',
    createTime: new Date(first.finishesAt).toISOString(),
    partial: false,
    fileAttachments: finished.map(({ id }) => id),
    generatedImageUrls: finished.filter(({ kind }) => kind !== 'video').map(({ paths }) => paths[0]),
    fileAttachmentsMetadata: finished.map((one) => assetView(state, one)),
    mediaPosts: finished.flatMap(({ postId }) => {
      const post = state.posts.find(postId)
      return post === undefined ? [] : [postView(state, post, origin)]
    }),
  }
  return c.json({ responses: finished.length === 0 ? [question] : [question, answer] })
}

/** A generated file in the shape of spec/upstream-media.md §12.4. */
export function assetView(state: EmulatorState, generation: Generation): object {
  const { id, paths, userId, references } = generation
  const [key = '', preview = ''] = paths
  const file: ServedFile | undefined = state.generatedFiles.find(key)
  const createTime = file?.createdAt ?? new Date(generation.finishesAt).toISOString()
  return {
    assetId: id,
    mimeType: file?.contentType ?? '',
    name: key.split('/').at(-1) ?? '',
    sizeBytes: file?.bytes.length ?? 0,
    createTime,
    lastUseTime: createTime,
    updateTime: createTime,
    summary: '',
    previewImageKey: preview,
    key,
    auxKeys: {
      'preview-image': preview,
      moderated: 'false',
      is_ext: String(generation.extendPostId !== null),
      image_references: JSON.stringify(references),
    },
    sourceConversationId: generation.conversationId ?? '',
    isDeleted: false,
    isLatest: true,
    isModelGenerated: true,
    fileSource: 'IMAGINE_GENERATED_FILE_SOURCE',
    isPublic: false,
    rRated: false,
    ownerUserId: userId,
  }
}
