import type { Context, Handler } from 'hono'
import { AnswerMeter, estimateUsage, type AnswerTexts } from '../../core/usage.ts'
import type { Chat } from '../../gateway/chat.ts'
import { newId } from '../../util/ids.ts'
import { startStream } from '../../util/streams/start-stream.ts'
import { openClientChat, type ChatDoorParts } from '../chat-door.ts'
import type { ApiEnv } from '../context.ts'
import { announceIgnored } from '../ignored-parameters.ts'
import { readJsonBody } from '../request-body.ts'
import { sseResponse } from '../sse-response.ts'
import { BlockEncoder } from './block-encoder.ts'
import { FoldedBlocks } from './fold-blocks.ts'
import { parseMessageRequest } from './message-request.ts'
import { encodeMessageStream, PING_FRAME } from './message-stream.ts'
import { encodeMessage, type MessageHead } from './message.ts'

/** `POST /v1/messages` (spec/public-api.md §7, as its §15.4 wants it). */
export function messages(parts: ChatDoorParts): Handler<ApiEnv> {
  return async (c) => {
    const defaults = parts.chatDefaults()
    const request = parseMessageRequest(await readJsonBody(c), defaults)
    const { chat, leave } = await openClientChat(parts, c, { request: request.chat })
    const answer = chat.open()
    const head = { id: newId('msg_'), model: request.model }
    try {
      const answering = { parts, chat, answer, head, leave }
      const response = request.stream ? await streamMessage(c, answering) : await foldMessage(c, answering)
      return announceIgnored(response, request.ignored)
    } catch (thrown) {
      leave() // the answer may be under way, and has nobody to go to
      throw thrown
    }
  }
}

interface Answering {
  readonly parts: ChatDoorParts
  readonly chat: Chat
  readonly answer: ReturnType<Chat['open']>
  readonly head: MessageHead
  readonly leave: () => void
}

async function streamMessage(c: Context<ApiEnv>, answering: Answering): Promise<Response> {
  const { parts, chat, head, leave } = answering
  // the first event comes before the status, so that an early failure keeps its own
  const [answer, inputTokens] = await Promise.all([startStream(answering.answer), chat.countPromptTokens()])
  const frames = encodeMessageStream({
    head,
    answer,
    inputTokens,
    usage: (texts: AnswerTexts) => estimateUsage(parts.tokenizer, chat.countPromptTokens(), texts),
    requestId: c.get('requestId'),
  })
  return sseResponse(frames, { onCancel: leave, heartbeat: PING_FRAME })
}

async function foldMessage(c: Context<ApiEnv>, { parts, chat, answer, head }: Answering): Promise<Response> {
  const encoder = new BlockEncoder(head.id)
  const folded = new FoldedBlocks()
  const meter = new AnswerMeter()
  for await (const batch of answer) {
    meter.add(batch)
    folded.add(encoder.encode(batch))
  }
  const usage = await estimateUsage(parts.tokenizer, chat.countPromptTokens(), meter.texts)
  return c.json(encodeMessage(head, folded.blocks, { usage, outcome: encoder.outcome }))
}
