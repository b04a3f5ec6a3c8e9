import { encodeChatBody } from '../src/upstream/rest/chat-body.ts'
import type { StreamTarget } from './load-client.ts'
import { API_KEY } from './services.ts'

/** A chat of the OpenAI dialect at the gateway or the bare relay; the answer has the given number of tokens. */
export function chatTarget(url: string, tokens: number): StreamTarget {
  return {
    url,
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({
      model: 'grok-4.20-0309-non-reasoning',
      stream: true,
      messages: [
        { role: 'system', content: 'You are a careful assistant. Answer in plain words and keep it short.' },
        { role: 'user', content: promptFor(tokens) },
      ],
    }),
    tokenMark: '"content":" word"',
    endMark: 'data: [DONE]',
  }
}

/** The same chat, sent to the emulator without anybody between. */
export function directTarget(url: string, token: string, tokens: number): StreamTarget {
  return {
    url,
    path: '/rest/app-chat/conversations/new',
    headers: { cookie: `sso=${token}; sso-rw=${token}` },
    body: encodeChatBody({
      prompt: `[user]: ${promptFor(tokens)}`,
      fileIds: [],
      mode: 'fast',
      temporary: true,
      memory: false,
      customInstruction: '',
    }),
    tokenMark: '"token":" word"',
    endMark: '"isSoftStop":true',
  }
}

/** `[[tokens:N]]` makes the emulator answer with exactly N tokens, each of them ` word`. */
function promptFor(tokens: number): string {
  return `Why is the sky blue, and why are sunsets red? [[tokens:${tokens}]]`
}
