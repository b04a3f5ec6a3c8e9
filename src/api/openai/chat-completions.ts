import type { Context, Handler } from 'hono'
import { collect } from '../../core/collect.ts'
import { ImageLinks, type ImageLinkStyle } from '../../core/image-links.ts'
import { estimateUsage, type Usage } from '../../core/usage.ts'
import { openChat, type Chat, type ChatParts } from '../../gateway/chat.ts'
import { newId } from '../../util/ids.ts'
import { startStream } from '../../util/start-stream.ts'
import type { ApiEnv } from '../context.ts'
import { readJsonBody } from '../request-body.ts'
import { sseResponse } from '../sse-response.ts'
import { encodeCompletion } from './chat-completion.ts'
import type { CompletionHead } from './chat-chunks.ts'
import { parseChatRequest, type ChatCompletionRequest, type ChatDefaults } from './chat-request.ts'
import { encodeChatStream } from './chat-stream.ts'

/** What the endpoint needs beside the use case. */
export interface ChatCompletionParts extends ChatParts {
  readonly chatDefaults: () => ChatDefaults & { readonly imageLinks: ImageLinkStyle }
  readonly clock: () => number
}

/** `POST /v1/chat/completions` (spec/public-api.md §4). */
export function chatCompletions(parts: ChatCompletionParts): Handler<ApiEnv> {
  return async (c) => {
    const defaults = parts.chatDefaults()
    const request = parseChatRequest(await readJsonBody(c), defaults)
    c.env?.allowSilence?.()
    const leaving = new AbortController()
    const signal = AbortSignal.any([c.req.raw.signal, leaving.signal])
    const chat = openChat(parts, request.chat, { requestId: c.get('requestId'), signal })
    const answers = Array.from({ length: request.choices }, () =>
      chat.open([new ImageLinks(defaults.imageLinks)]),
    )
    const head = {
      id: newId('chatcmpl-'),
      created: Math.floor(parts.clock() / 1000),
      model: request.chat.model.id,
    }
    try {
      return request.stream
        ? await streamAnswers({ parts, request, chat, answers, head }, leaving)
        : await foldAnswers(c, { parts, request, chat, answers, head })
    } catch (thrown) {
      leaving.abort() // one of several answers failed: the others have nobody to go to
      throw thrown
    }
  }
}

interface Completion {
  readonly parts: ChatCompletionParts
  readonly request: ChatCompletionRequest
  readonly chat: Chat
  readonly answers: readonly ReturnType<Chat['open']>[]
  readonly head: CompletionHead
}

async function streamAnswers(completion: Completion, leaving: AbortController): Promise<Response> {
  const { request, head } = completion
  // the first event of every answer comes before the status, so that early failures keep theirs
  const answers = await Promise.all(completion.answers.map(startStream))
  const usage = (text: string, reasoning: string) => countUsage(completion, text, reasoning)
  const frames = encodeChatStream({
    head,
    answers,
    onFailure: () => leaving.abort(),
    ...(request.includeUsage && { usage }),
  })
  return sseResponse(frames, { onCancel: () => leaving.abort() })
}

async function foldAnswers(c: Context<ApiEnv>, completion: Completion): Promise<Response> {
  const answers = await Promise.all(completion.answers.map(collect))
  const text = answers.map((answer) => answer.text).join('')
  const reasoning = answers.map((answer) => answer.reasoning).join('')
  return c.json(encodeCompletion(completion.head, answers, await countUsage(completion, text, reasoning)))
}

function countUsage({ parts, chat }: Completion, text: string, reasoning: string): Promise<Usage> {
  return estimateUsage(parts.tokenizer, { prompt: chat.prompt, text, reasoning })
}
