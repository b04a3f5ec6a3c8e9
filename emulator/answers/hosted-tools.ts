import { responseFrame, type Frame, type JsonObject } from './frame.ts'
import type { Turn } from './turn.ts'

/** One hosted tool call: who called it at which step, spec/upstream-chat.md §5.1.5. */
export interface HostedCall {
  readonly id: string
  readonly rolloutId: string
  readonly step: number
}

/** A web page that a search found. */
export interface WebResult {
  readonly url: string
  readonly title: string
  readonly preview: string
}

/** A post that an X search found. */
export interface XResult {
  readonly username: string
  readonly name: string
  readonly text: string
  readonly postId: string
}

/** The card that announces a hosted call; `tool` is the camelCase key, the XML inside `token` names it in snake_case. */
export function toolCardFrame(turn: Turn, call: HostedCall, tool: string, args: JsonObject): Frame {
  const name = tool.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const xml =
    `<xai:tool_usage_card><xai:tool_usage_card_id>${call.id}</xai:tool_usage_card_id>` +
    `<xai:tool_name>${name}</xai:tool_name>` +
    `<xai:tool_args><![CDATA[${JSON.stringify(args)}]]></xai:tool_args></xai:tool_usage_card>`
  return responseFrame('tool', {
    token: xml,
    isThinking: true,
    isSoftStop: false,
    responseId: turn.responseId,
    messageTag: 'tool_usage_card',
    messageStepId: call.step,
    rolloutId: call.rolloutId,
    toolUsageCardId: call.id,
    toolUsageCard: { toolUsageCardId: call.id, [tool]: { args } },
  })
}

/** The raw output of a hosted call, which no client shows. */
export function rawResultFrame(turn: Turn, call: HostedCall): Frame {
  return responseFrame('tool', {
    token: '<raw search output, not for display>',
    isThinking: true,
    isSoftStop: false,
    responseId: turn.responseId,
    messageTag: 'raw_function_result',
    messageStepId: call.step,
    rolloutId: call.rolloutId,
    toolUsageCardId: call.id,
  })
}

/** What a web search found. */
export function webResultsFrame(turn: Turn, call: HostedCall, results: readonly WebResult[]): Frame {
  const full = results.map((result) => ({
    ...result,
    searchEngineText: '',
    description: '',
    siteName: new URL(result.url).host,
    metadataTitle: '',
    creator: '',
    image: '',
    favicon: '',
  }))
  return resultFrame('source', turn, call, { webSearchResults: { results: full } })
}

/** What an X search found. */
export function xResultsFrame(turn: Turn, call: HostedCall, results: readonly XResult[]): Frame {
  const full = results.map((result) => ({
    username: result.username,
    name: result.name,
    text: result.text,
    createTime: turn.iso(-3_600_000),
    postId: result.postId,
    viewCount: 5120,
    profileImageUrl: '',
    citationId: '',
  }))
  return resultFrame('source', turn, call, { xSearchResults: { results: full } })
}

/** What a program printed. */
export function codeResultFrame(turn: Turn, call: HostedCall, stdout: string): Frame {
  return resultFrame('tool', turn, call, {
    codeExecutionResult: { stdout, stderr: '', exitCode: 0, commandTimedOut: false },
  })
}

function resultFrame(role: 'source' | 'tool', turn: Turn, call: HostedCall, result: JsonObject): Frame {
  return responseFrame(role, {
    isThinking: true,
    isSoftStop: false,
    responseId: turn.responseId,
    rolloutId: call.rolloutId,
    messageStepId: call.step,
    toolUsageCardId: call.id,
    ...result,
  })
}
