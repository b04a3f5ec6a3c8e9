import { isObject, type JsonObject } from '../answers/frame.ts'
import type { GatewayEvent } from './events.ts'

/** A `response.chunk`, spec/upstream-chat.md §5.2.2. */
export function chunkEvent(chunk: JsonObject): GatewayEvent {
  return { type: 'event', event: { type: 'response.chunk', chunk } }
}

/** A piece of text in a channel (§5.2.3); null: no channel is named. */
export function textEvent(text: string, channel: string | null, metadata: JsonObject | null): GatewayEvent {
  const said = channel === null ? { text } : { text, channel }
  return chunkEvent({ text: said, ...(metadata === null ? {} : { metadata }) })
}

/** Who says a chunk, and at which step, from the frame that it is made of. */
export function metadataOf({ rolloutId, messageStepId }: JsonObject): JsonObject {
  return { rollout_id: rolloutId, step_id: messageStepId }
}

/** The card that announces a hosted call. */
export function usageCardEvent(response: JsonObject): GatewayEvent {
  const { toolUsageCardId: id, ...card } = isObject(response['toolUsageCard'])
    ? response['toolUsageCard']
    : {}
  const tools = Object.entries(card).map(([key, value]) => [snakeCase(key), value])
  return chunkEvent({
    tool_usage_card: { tool_usage_card_id: id, ...Object.fromEntries(tools) },
    metadata: metadataOf(response),
  })
}

/** What a hosted call found. */
export function resultEvent(response: JsonObject): GatewayEvent {
  return chunkEvent({
    tool_result: { tool_call_id: response['toolUsageCardId'], ...resultOf(response) },
    metadata: metadataOf(response),
  })
}

function resultOf({ webSearchResults, xSearchResults, codeExecutionResult }: JsonObject): JsonObject {
  if (isObject(webSearchResults)) {
    const webpages = entriesOf(webSearchResults).map(({ url, title, preview }) => ({
      url,
      title,
      snippet: preview,
    }))
    return { web_search: { webpages } }
  }
  if (isObject(xSearchResults)) {
    const posts = entriesOf(xSearchResults).map(({ username, name, text, postId }) => ({
      userhandle: username,
      name,
      text,
      post_id: postId,
    }))
    return { x_post: { posts } }
  }
  return { code_execution: isObject(codeExecutionResult) ? codeExecutionResult : {} }
}

function entriesOf({ results }: JsonObject): readonly JsonObject[] {
  return Array.isArray(results) ? results.filter(isObject) : []
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
