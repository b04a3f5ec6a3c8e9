import { newId } from '../../../util/ids.ts'

const RESPONSE_PREFIX = 'resp_'
/** Numbers of output items start at 0, those of input items here. */
const FIRST_INPUT_NUMBER = 0x8000
const NUMBER_DIGITS = 4

const itemPrefixes = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  tool_search_call: 'tsc',
  web_search_call: 'ws',
  image_generation_call: 'ig',
} as const

/** A new id of a response. */
export function newResponseId(): string {
  return newId(RESPONSE_PREFIX)
}

/** The id of an output item. It carries the id of its response, by which a later reference finds it. */
export function outputItemId(type: keyof typeof itemPrefixes, responseId: string, index: number): string {
  return `${itemPrefixes[type]}_${tailOf(responseId, index)}`
}

/** The id of an input item that came without one. */
export function inputItemId(responseId: string, index: number): string {
  return `msg_${tailOf(responseId, FIRST_INPUT_NUMBER + index)}`
}

/** The response that an item of ours belongs to; undefined for ids that are not ours. */
export function responseIdOf(itemId: string): string | undefined {
  const digits = /^[a-z]+_([0-9a-f]{32})[0-9a-f]{4}$/.exec(itemId)?.[1]
  return digits === undefined ? undefined : RESPONSE_PREFIX + digits
}

function tailOf(responseId: string, number: number): string {
  return responseId.slice(RESPONSE_PREFIX.length) + number.toString(16).padStart(NUMBER_DIGITS, '0')
}
