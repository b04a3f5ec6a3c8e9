import type { Context, Handler } from 'hono'
import { collect } from '../../core/collect.ts'
import { AnswerMeter, estimateUsage, type AnswerTexts } from '../../core/usage.ts'
import type { Chat } from '../../gateway/chat.ts'
import { newId } from '../../util/ids.ts'
import { startStream } from '../../util/streams/start-stream.ts'
import { openClientChat, type ChatDoorParts } from '../chat-door.ts'
import type { ApiEnv } from '../context.ts'
import { announceIgnored } from '../ignored-parameters.ts'
import { readJsonBody } from '../request-body.ts'
import { sseResponse } from '../sse-response.ts'
import { encodeCompletion } from './chat-completion.ts'
import type { CallWording, CompletionHead } from './chat-chunks.ts'
import { parseChatRequest, type ChatCompletionRequest } from './chat-request.ts'
import { encodeChatStream } from './chat-stream.ts'

/** `POST /v1/chat/completions` (spec/public-api.md §4). */
export function chatCompletions(parts: ChatDoorParts): Handler<ApiEnv> {
  return async (c) => {
    const defaults = parts.chatDefaults()
    const request = parseChatRequest(await readJsonBody(c), defaults)
    const { chat, leave } = await openClientChat(parts, c, { request: request.chat })
    const answers = Array.from({ length: request.choices }, () => chat.open())
    const head = {
      id: newId('chatcmpl-'),
      created: Math.floor(parts.clock() / 1000),
      model: request.model,
    }
    const completion = { parts, request, chat, answers, head, wording: chooseWording(request) }
    try {
      const response = request.stream
        ? await streamAnswers(completion, leave)
        : await foldAnswers(c, completion)
      return announceIgnored(response, request.ignored)
    } catch (thrown) {
      leave() // one of several answers failed: the others have nobody to go to
      throw thrown
    }
  }
}

interface Completion {
  readonly parts: ChatDoorParts
  readonly request: ChatCompletionRequest
  readonly chat: Chat
  readonly answers: readonly ReturnType<Chat['open']>[]
  readonly head: CompletionHead
  readonly wording: CallWording
}

function chooseWording({ chat, callStyle }: ChatCompletionRequest): CallWording {
  const custom = (chat.tools?.tools ?? []).filter(({ input }) => input.type === 'text')
  return { style: callStyle, customTools: new Set(custom.map(({ name }) => name)) }
}

async function streamAnswers(completion: Completion, leave: () => void): Promise<Response> {
  const { parts, request, chat, head, wording } = completion
  // the first event of every answer comes before the status, so that early failures keep theirs
  const answers = await Promise.all(completion.answers.map(startStream))
  const usage = (texts: AnswerTexts) => estimateUsage(parts.tokenizer, chat.countPromptTokens(), texts)
  const frames = encodeChatStream({
    head,
    answers,
    wording,
    onFailure: leave,
    ...(request.includeUsage && { usage }),
  })
  return sseResponse(frames, { onCancel: leave })
}

async function foldAnswers(c: Context<ApiEnv>, completion: Completion): Promise<Response> {
  const { parts, chat, head, wording } = completion
  const meter = new AnswerMeter()
  const answers = await Promise.all(completion.answers.map((answer) => collect(metered(answer, meter))))
  const usage = await estimateUsage(parts.tokenizer, chat.countPromptTokens(), meter.texts)
  return c.json(encodeCompletion({ head, answers, usage, wording }))
}

async function* metered(answer: ReturnType<Chat['open']>, meter: AnswerMeter): ReturnType<Chat['open']> {
  for await (const batch of answer) {
    meter.add(batch)
    yield batch
  }
}
