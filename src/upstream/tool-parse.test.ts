import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ChatEvent } from '../core/chat-event.ts'
import type { Tool } from '../core/tools.ts'
import { ToolCallParser } from './tool-parse.ts'

const weather: Tool = {
  name: 'get_weather',
  input: {
    type: 'json',
    strict: false,
    schema: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, tags: { type: 'array' } },
      required: ['city'],
    },
  },
}
const strictWeather: Tool = {
  name: 'strict_weather',
  input: { ...weather.input, type: 'json', strict: true, schema: schemaOf(weather) },
}
const patch: Tool = { name: 'apply_patch', input: { type: 'text' } }
const spaced: Tool = { name: 'agents__wait', input: { type: 'json', strict: false, schema: {} } }
const tools = [weather, strictWeather, patch, spaced]

function schemaOf({ input }: Tool) {
  return input.type === 'json' ? input.schema : {}
}

function call(name: string, parameters: string): string {
  return `  <tool_call>\n    <tool_name>${name}</tool_name>\n    <parameters>${parameters}</parameters>\n  </tool_call>\n`
}

function block(...calls: readonly string[]): string {
  return `<tool_calls>\n${calls.join('')}</tool_calls>`
}

interface Reading {
  readonly text: string
  readonly calls: readonly (readonly [name: string, input: string])[]
  readonly reason: string
}

function read(pieces: readonly string[], parallel = true): Reading {
  const parser = new ToolCallParser(tools, parallel)
  const events: ChatEvent[] = []
  for (const text of pieces) events.push(...parser.apply([{ type: 'text-delta', text }]))
  events.push(...parser.apply([{ type: 'finish', reason: 'stop' }]))
  const finish = events.at(-1)
  return {
    text: events.map((event) => (event.type === 'text-delta' ? event.text : '')).join(''),
    calls: events.flatMap((event): (readonly [string, string])[] =>
      event.type === 'tool-call' ? [[event.name, event.input]] : [],
    ),
    reason: finish?.type === 'finish' ? finish.reason : 'none',
  }
}

const oslo = ['get_weather', '{"city":"Oslo"}'] as const
const osloBlock = block(call('get_weather', '{"city":"Oslo"}'))

describe('a block of calls becomes calls', () => {
  const forms: readonly (readonly [what: string, text: string, calls: Reading['calls']])[] = [
    ['canonical', osloBlock, [oslo]],
    [
      'two calls',
      block(call('get_weather', '{"city":"Oslo"}'), call('get_weather', '{"city":"Rome"}')),
      [oslo, ['get_weather', '{"city":"Rome"}']],
    ],
    [
      'other case and white space in tags',
      osloBlock.replaceAll('tool_calls', 'TOOL_CALLS ').replaceAll('tool_name', 'Tool_Name'),
      [oslo],
    ],
    [
      'without parameters',
      block('<tool_call><tool_name>agents__wait</tool_name></tool_call>'),
      [['agents__wait', '{}']],
    ],
    ['without a root', call('get_weather', '{"city":"Oslo"}').trim(), [oslo]],
    [
      'several without a root',
      `${call('get_weather', '{"city":"Oslo"}').trim()}\n${call('get_weather', '{"city":"Rome"}').trim()}`,
      [oslo, ['get_weather', '{"city":"Rome"}']],
    ],
    [
      'function_call',
      '<function_call><name>get_weather</name><arguments>{"city":"Oslo"}</arguments></function_call>',
      [oslo],
    ],
    ['invoke with JSON', '<invoke name="get_weather">{"city":"Oslo"}</invoke>', [oslo]],
    [
      'invoke with parameters',
      '<invoke name=get_weather><parameter name="city">Oslo</parameter></invoke>',
      [oslo],
    ],
    ['a JSON object', '{ "tool_calls": [{"name":"get_weather","arguments":{"city":"Oslo"}}]}', [oslo]],
    [
      'a JSON object of the OpenAI shape',
      '{"tool_calls":[{"id":"x","type":"function","function":{"name":"get_weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]}',
      [oslo],
    ],
    ['a JSON array', '[{"tool_name":"get_weather","parameters":{"city":"Oslo"}}]', [oslo]],
    [
      'free text of a custom tool',
      block(call('apply_patch', '\n*** Begin Patch\n+<b> "x"\n*** End Patch\n    ')),
      [['apply_patch', '*** Begin Patch\n+<b> "x"\n*** End Patch']],
    ],
    ['free text inside JSON', block(call('apply_patch', '{"input":"a\\nb"}')), [['apply_patch', 'a\nb']]],
    ['a dot in a grouped name', block(call('agents.wait', '{}')), [['agents__wait', '{}']]],
    [
      'raw line ends inside strings',
      block(call('get_weather', '{"city":"Os\nlo"}')),
      [['get_weather', '{"city":"Os\\nlo"}']],
    ],
    ['a comma too many', block(call('get_weather', '{"city":"Oslo",}')), [oslo]],
    ['XML entities', block(call('get_weather', '{&quot;city&quot;:&quot;Oslo&quot;}')), [oslo]],
    ['a fence around the input', block(call('get_weather', '\n```json\n{"city":"Oslo"}\n```\n')), [oslo]],
    [
      'types that are nearly right',
      block(call('strict_weather', '{"city":"Oslo","days":"4","tags":"a"}')),
      [['strict_weather', '{"city":"Oslo","days":4,"tags":["a"]}']],
    ],
    [
      'closing tags inside an input',
      block(call('get_weather', '{"city":"</tool_calls> and </tool_call>"}')),
      [['get_weather', '{"city":"</tool_calls> and </tool_call>"}']],
    ],
    ['the end of the block missing', '<tool_calls>' + call('get_weather', '{"city":"Oslo"}'), [oslo]],
    ['after an unclosed backtick of an earlier line', `a \`b\n${osloBlock}`, [oslo]],
    ['after a closed fence', `\`\`\`js\nx\n\`\`\`\n${osloBlock}`, [oslo]],
  ]
  test.each(forms)('%s', (_, text, calls) => {
    const reading = read([text])
    expect(reading.calls).toEqual(calls)
    expect(reading.reason).toBe('tool-calls')
  })
})

describe('what is no call stays text', () => {
  const texts: readonly (readonly [what: string, text: string])[] = [
    ['an unknown name', block(call('rm_rf', '{}'))],
    ['an input that is no object', block(call('get_weather', '[1]'))],
    ['a strict input that does not fit', block(call('strict_weather', '{"town":"Oslo"}'))],
    ['a block in a fence', `So:\n\`\`\`xml\n${osloBlock}\n\`\`\`\ndone`],
    ['a block in a fence of tildes', `~~~\n${osloBlock}\n~~~`],
    ['a block in inline code', `Write \`<tool_calls>\` like this.`],
    [
      'a quoted block',
      osloBlock
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n'),
    ],
    ['an opening without an end', 'a <tool_calls> b'],
    ['a beginning of an opening at the end', 'a <tool'],
    ['a tag of another name', 'a <tool_callsign>x</tool_callsign>'],
    ['a list of data', '[{"name":"Ann"},{"name":"Bo"}]'],
    ['JSON that is an answer', '{"tool_calls_made": 3}'],
    ['an invoke without a name', '<invoke the="x">y</invoke>'],
    ['nothing but white space', ' \n '],
  ]
  test.each(texts)('%s', (_, text) => {
    expect(read([text])).toEqual({ text, calls: [], reason: 'stop' })
  })
})

describe('text beside calls', () => {
  test('is kept, before and after', () => {
    const reading = read([`Let me see. ${osloBlock}\nOne moment.`])
    expect(reading.text).toBe('Let me see. \nOne moment.')
    expect(reading.calls).toEqual([oslo])
  })

  test('that is only white space after them is left out', () => {
    expect(read([osloBlock, '\n', ' \n']).text).toBe('')
  })

  test('after a root is never executed', () => {
    const reading = read([`${osloBlock}\nresult: 4\n${osloBlock}`])
    expect(reading.calls).toEqual([oslo])
    expect(reading.text).toContain('<tool_calls>')
  })

  test('moves citations that come after a block', () => {
    const parser = new ToolCallParser(tools, true)
    const citation = { type: 'citation', url: 'u', title: 't', number: 1 } as const
    const start = osloBlock.length
    const events = parser.apply([
      { type: 'text-delta', text: `${osloBlock}x` },
      { ...citation, start, end: start + 1 },
    ])
    expect(events.at(-1)).toEqual({ ...citation, start: 0, end: 1 })
  })
})

test('one call only where the caller wants no parallel ones', () => {
  const reading = read(
    [block(call('get_weather', '{"city":"Oslo"}'), call('get_weather', '{"city":"Rome"}'))],
    false,
  )
  expect(reading.calls).toEqual([oslo])
})

test('text that cannot be a call is not held back', () => {
  const parser = new ToolCallParser(tools, true)
  expect(parser.apply([{ type: 'text-delta', text: 'a < b, c' }])).toEqual([
    { type: 'text-delta', text: 'a < b, c' },
  ])
  expect(parser.apply([{ type: 'text-delta', text: ' <tool' }])).toEqual([{ type: 'text-delta', text: ' ' }])
})

test.each([
  ['inline code that opens with two backticks', '``', ' x'],
  ['a fence of four', '````\n```\n', ''],
])('%s is the same in one piece and sign by sign', (_, before, after) => {
  const text = `${before}${osloBlock}${after}`
  expect(read(text.split(''))).toEqual(read([text]))
})

test('the same is read however the text is cut', () => {
  const parts = fc.constantFrom(
    osloBlock,
    block(call('rm_rf', '{}')),
    '```\n',
    '`',
    '> ',
    '\n',
    '<tool_calls',
    '</tool_calls>',
    '<invoke name="get_weather">{"city":"Oslo"}</invoke>',
    'text ',
    '{"tool_calls":[{"name":"get_weather","arguments":{"city":"Oslo"}}]}',
    '[{"name":',
    '~~~\n',
    '<',
  )
  fc.assert(
    fc.property(
      fc.array(parts, { maxLength: 8 }),
      fc.array(fc.nat(40), { maxLength: 60 }),
      (texts, sizes) => {
        const whole = texts.join('')
        const pieces: string[] = []
        let at = 0
        for (const size of sizes) {
          pieces.push(whole.slice(at, at + size))
          at += size
        }
        pieces.push(whole.slice(at))
        const cut = read(pieces.filter((piece) => piece !== ''))
        const uncut = read(whole === '' ? [] : [whole])
        expect(cut).toEqual(uncut)
      },
    ),
    { numRuns: 2000 },
  )
})

test('any text gives text or calls, and none is lost where there are no calls', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
      const reading = read(pieces)
      if (reading.calls.length === 0) expect(reading.text).toBe(pieces.join(''))
    }),
  )
})
