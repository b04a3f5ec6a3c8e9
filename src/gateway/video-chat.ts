import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatMessage, ChatRequest, FilePart } from '../core/chat-request.ts'
import { errorCodes, GatewayError, type ErrorCode } from '../core/error.ts'
import { filterEvents } from '../core/event-filter.ts'
import type { Tokenizer } from '../core/output-cap.ts'
import { MAX_VIDEO_REFERENCES, type VideoWishes } from '../core/video-request.ts'
import { countPromptTokens } from '../core/usage.ts'
import type { Caller, Chat } from './chat.ts'
import { presentFilm, type FilmFormat } from './present-film.ts'
import type { Video, VideoRequest, Videos } from './videos.ts'

export interface VideoChatParts {
  readonly videos: Videos
  readonly tokenizer: Tokenizer
  readonly filmFormat: () => FilmFormat
}

type VideoChatRequest = ChatRequest & { readonly video: VideoWishes }

/**
 * A chat whose model makes a film: its progress is the thinking, the film is the answer (spec/public-api.md §5.3). Behind
 * it stands a job like any other, that ends with its client.
 */
export function openVideoChat(parts: VideoChatParts, request: VideoChatRequest, caller: Caller): Chat {
  const question = parseQuestion(request)
  let promptTokens: Promise<number> | undefined
  return {
    countPromptTokens: () =>
      (promptTokens ??= countPromptTokens(parts.tokenizer, question.prompt, question.references.length)),
    open: (filters = []) => filterEvents(makeFilm(parts, { question, request, caller }), filters),
    servedBy: () => undefined,
  }
}

interface Film {
  readonly question: VideoRequest
  readonly request: VideoChatRequest
  readonly caller: Caller
}

async function* makeFilm(
  { videos, filmFormat }: VideoChatParts,
  { question, request, caller }: Film,
): AsyncGenerator<readonly ChatEvent[]> {
  const { signal, links } = caller
  // nobody else may see it: it belongs to this one answer
  const owner = `chat:${crypto.randomUUID()}`
  const { id } = await videos.create(question, owner, signal)
  try {
    for await (const video of videos.watch(id, owner, signal)) {
      if (video.status === 'failed') throw failureOf(video)
      if (video.status === 'completed') {
        const local = links.videoUrl(video.fileId ?? '')
        const text = presentFilm(filmFormat(), { upstream: video.upstreamUrl ?? local, local })
        yield [
          { type: 'text-delta', text },
          { type: 'finish', reason: 'stop' },
        ]
        return
      }
      if (video.status === 'in_progress') yield tellProgress(video.percent, request.reasoning)
    }
    throw new GatewayError('client_closed', 'The client left.')
  } finally {
    await videos.discard(id, owner)
  }
}

function tellProgress(percent: number, isShown: boolean): readonly ChatEvent[] {
  const progress = { type: 'image-progress', id: 'video', percent } as const
  if (!isShown) return [progress]
  return [progress, { type: 'reasoning-delta', text: `Video: ${percent} %\n`, kind: 'raw' }]
}

function failureOf({ error }: Video): GatewayError {
  const message = error?.message ?? 'The video could not be made.'
  const code = errorCodes.find((one): one is ErrorCode => one === error?.code)
  return new GatewayError(code ?? 'internal', message)
}

/** The film that a conversation asks for: the last text of the user, and the pictures of the last message that has any. */
function parseQuestion({ model, messages, video, outputFormat, tools }: VideoChatRequest): VideoRequest {
  if (outputFormat) throw refuse('model', `'${model.id}' answers with a film, not in a form of text`)
  if (tools?.choice === 'required') throw refuse('tool_choice', `'${model.id}' calls no tools`)
  const users = messages.filter(({ role }) => role === 'user')
  const prompt = users.map(textOf).findLast((text) => text !== '')
  if (prompt === undefined) throw refuse('messages', 'must hold a text of the user that says what to film')
  const references = users.map(filesOf).findLast((files) => files.length > 0) ?? []
  const surplus = references[MAX_VIDEO_REFERENCES]
  if (surplus) throw refuse(surplus.param, `a film may start from ${MAX_VIDEO_REFERENCES} pictures`)
  return { ...video, model: model.id, prompt, references }
}

function textOf({ content }: ChatMessage): string {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return texts.join('\n').trim()
}

function filesOf({ content }: ChatMessage): readonly FilePart[] {
  return content.filter((part) => part.type === 'file')
}

function refuse(param: string, reason: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${reason}.`, { param })
}
