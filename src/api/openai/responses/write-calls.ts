import type { HostedSearch, ToolCall } from '../../../core/chat-event.ts'
import { asObject, parseJson } from '../../../util/json-fields.ts'
import { placeFields, type EventWriter, type ItemPlace } from './event-writer.ts'
import type {
  CustomToolCallItem,
  FunctionCallItem,
  ToolSearchCallItem,
  WebSearchCallItem,
} from './output-item.ts'
import type { ToolTarget } from './tool-names.ts'

type CallItem = FunctionCallItem | CustomToolCallItem | ToolSearchCallItem

/** The type of item that a call is answered with. */
export function callItemType(target: ToolTarget): CallItem['type'] {
  if (target.type === 'tool-search') return 'tool_search_call'
  return target.type === 'custom' ? 'custom_tool_call' : 'function_call'
}

/** Writes a whole call of a tool: opened empty, filled in one piece, closed. */
export function writeCall(
  writer: EventWriter,
  place: ItemPlace,
  { call, target }: { readonly call: ToolCall; readonly target: ToolTarget },
): CallItem {
  const item = callItem(place.id, call, target)
  writer.add('response.output_item.added', { output_index: place.index, item: emptied(item) })
  const fields = placeFields(place)
  if (item.type === 'function_call') {
    writer.add('response.function_call_arguments.delta', { ...fields, delta: item.arguments })
    writer.add('response.function_call_arguments.done', { ...fields, arguments: item.arguments })
  } else if (item.type === 'custom_tool_call') {
    writer.add('response.custom_tool_call_input.delta', { ...fields, delta: item.input })
    writer.add('response.custom_tool_call_input.done', { ...fields, input: item.input })
  }
  writer.add('response.output_item.done', { output_index: place.index, item })
  return item
}

/** Writes a search of the service that has ended. */
export function writeSearch(
  writer: EventWriter,
  place: ItemPlace,
  { search, withSources }: { readonly search: HostedSearch; readonly withSources: boolean },
): WebSearchCallItem {
  const { query, sources } = search
  const item: WebSearchCallItem = {
    type: 'web_search_call',
    id: place.id,
    status: 'completed',
    action: {
      type: 'search',
      query,
      queries: [query],
      ...(withSources && { sources: sources.map(({ url }) => ({ type: 'url', url }) as const) }),
    },
  }
  writer.add('response.output_item.added', {
    output_index: place.index,
    item: { ...item, status: 'in_progress', action: { type: 'search', query, queries: [query] } },
  })
  for (const state of ['in_progress', 'searching', 'completed'])
    writer.add(`response.web_search_call.${state}`, placeFields(place))
  writer.add('response.output_item.done', { output_index: place.index, item })
  return item
}

function callItem(id: string, { id: call, input }: ToolCall, target: ToolTarget): CallItem {
  const common = { id, status: 'completed', call_id: `call_${call}` } as const
  if (target.type === 'tool-search') {
    const sought = asObject(parseJson(input)) ?? {}
    return { type: 'tool_search_call', ...common, execution: 'client', arguments: sought }
  }
  const { name, namespace } = target
  const named = { ...common, name, ...(namespace !== undefined && { namespace }) }
  return target.type === 'custom'
    ? { type: 'custom_tool_call', ...named, input }
    : { type: 'function_call', ...named, arguments: input }
}

/** The item as it is opened. */
function emptied(item: CallItem): CallItem {
  const status = 'in_progress'
  if (item.type === 'function_call') return { ...item, status, arguments: '' }
  return item.type === 'custom_tool_call' ? { ...item, status, input: '' } : { ...item, status }
}
