import type { ChatMessage, ChatRequest, FilePart, PictureWishes } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import type { ImageRequest } from '../core/image-request.ts'
import { MAX_PICTURE_PROMPT_LENGTH, MAX_REFERENCES } from '../core/picture-limits.ts'

/**
 * The pictures that a conversation asks for: the last text of the user is the prompt, and an edit starts from the last
 * pictures of the conversation. Throws in the caller's words if the conversation cannot be drawn.
 */
export function parseImageQuestion({
  model,
  messages,
  pictures,
  outputFormat,
  tools,
}: ChatRequest & { readonly pictures: PictureWishes }): ImageRequest {
  if (outputFormat) throw refuse('model', `'${model.id}' answers with pictures, not in a form of text`)
  if (tools?.choice === 'required') throw refuse('tool_choice', `'${model.id}' calls no tools`)
  const { count, ratio } = pictures
  const prompt = promptOf(messages)
  const request = { model, count, previews: 0, ...(ratio && { ratio }) }
  if (model.capability === 'image_edit')
    return { ...request, ...choosePictures(prompt, picturesOf(messages)) }
  const [given] = picturesOf(messages.filter(({ role }) => role === 'user').slice(-1))
  if (given) {
    const reason = `'${model.id}' starts from words alone; the model for pictures is grok-imagine-image-edit`
    throw refuse(given.param, reason)
  }
  return { ...request, prompt, references: [] }
}

function promptOf(messages: readonly ChatMessage[]): string {
  const texts = messages.flatMap(({ role, content }) => {
    const parts = role === 'user' ? content.flatMap((part) => (part.type === 'text' ? [part.text] : [])) : []
    const text = parts.join('\n').trim()
    return text === '' ? [] : [text]
  })
  const prompt = texts.at(-1)
  if (prompt === undefined) throw refuse('messages', 'must hold a text of the user that says what to draw')
  if (prompt.length > MAX_PICTURE_PROMPT_LENGTH)
    throw refuse('messages', `a prompt may have ${MAX_PICTURE_PROMPT_LENGTH} characters`)
  return prompt
}

function picturesOf(messages: readonly ChatMessage[]): readonly FilePart[] {
  return messages.flatMap(({ content }) => content.filter((part) => part.type === 'file'))
}

/** The last pictures, and the prompt with their numbers: those of the caller count all pictures of the conversation. */
function choosePictures(
  prompt: string,
  pictures: readonly FilePart[],
): Pick<ImageRequest, 'prompt' | 'references'> {
  if (pictures.length === 0) throw refuse('messages', 'must hold a picture to start from')
  const left = Math.max(0, pictures.length - MAX_REFERENCES)
  const renumbered = prompt.replaceAll(/@image(\d+)\b/gi, (word, digits: string) => {
    const number = Number(digits)
    if (number > 0 && number <= left)
      throw refuse(
        'messages',
        `${word} is not among the last ${MAX_REFERENCES} pictures, which are those used`,
      )
    return number > left ? `@IMAGE${number - left}` : word
  })
  return { prompt: renumbered, references: pictures.slice(left) }
}

function refuse(param: string, reason: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${reason}.`, { param })
}
