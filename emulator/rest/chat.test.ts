import { beforeAll, describe, expect, test } from 'bun:test'
import { TRANSCRIPTS, transcriptText } from '../answers/transcripts.ts'
import { answerText, framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService()
beforeAll(async () => {
  await service.control.setAccounts([
    {
      token: 'rich',
      tier: 'heavy',
      quotas: { fast: { total: 10_000 }, auto: { total: 10_000 }, heavy: { total: 10_000 } },
    },
    { token: 'other' },
  ])
})

const say = async (text: string, modeId = 'fast', body = {}) =>
  framesOf(await service.chat({ token: 'rich', message: `[user]: ${text}`, modeId, body }))

describe('the body', () => {
  test('without message, or with an unknown mode, is 400', async () => {
    expect((await service.chat({ token: 'rich', modeId: 'grok-9' })).status).toBe(400)
    expect((await service.chat({ token: 'rich', body: { message: 5 } })).status).toBe(400)
    expect(
      (await service.send('/rest/app-chat/conversations/new', { method: 'POST', token: 'rich', body: '{' }))
        .status,
    ).toBe(400)
  })

  test('may hold fields the service does not know', async () => {
    expect((await service.chat({ token: 'rich', body: { deepsearchPreset: 'default', x: 1 } })).status).toBe(
      200,
    )
  })
})

describe('the transcripts', () => {
  for (const name of TRANSCRIPTS) {
    test(`${name} is sent byte for byte`, async () => {
      const response = await service.chat({ token: 'rich', message: `[user]: [[${name.toUpperCase()}]]` })
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.text()).toBe(transcriptText(name))
    })
  }
})

describe('a generated answer', () => {
  test('has the usual order of frames and the keys of T1', async () => {
    const frames = await say('Name a planet.')
    const kinds = frames.map((frame) => Object.keys(objectIn(frame['result']))[0])
    expect(kinds[0]).toBe('conversation')
    expect(kinds.at(-1)).toBe('title')
    const responses = responsesIn(frames)
    expect(responses.slice(0, 3).map((response) => Object.keys(response)[0])).toEqual([
      'userResponse',
      'uiLayout',
      'llmInfo',
    ])
    expect(responses.slice(-3).map((response) => Object.keys(response)[0])).toEqual([
      'token',
      'finalMetadata',
      'modelResponse',
    ])
    expect(Object.keys(responses[3] ?? {})).toEqual([
      'token',
      'isThinking',
      'isSoftStop',
      'responseId',
      'messageTag',
    ])
    expect(responses.at(-3)).toMatchObject({ token: '', isSoftStop: true })
    expect(objectIn(responses.at(-1)?.['modelResponse'])['message']).toBe(answerText(frames))
  })

  test('is the same for the same prompt, refers to it, and holds a list and a code block', async () => {
    const [first, second] = [answerText(await say('How do I sort?')), answerText(await say('How do I sort?'))]
    expect(first).toBe(second)
    expect(first).toContain('How do I sort?')
    expect(first).toMatch(/^## /)
    expect(first).toContain('\n- ')
    expect(first).toContain('```')
    expect(answerText(await say('什么是素数？'))).toContain('## 回答')
  })

  test('thinks not in fast, in auto, and with several agents in heavy', async () => {
    const rollouts = async (mode: string) => {
      const thoughts = responsesIn(await say('Why?', mode)).filter(
        (response) => response['isThinking'] === true,
      )
      return new Set(thoughts.map((response) => response['rolloutId']))
    }
    expect(await rollouts('fast')).toEqual(new Set())
    expect(await rollouts('auto')).toEqual(new Set(['Grok']))
    expect(await rollouts('heavy')).toEqual(new Set(['Grok', 'Agent 1', 'Agent 2']))
  })
})

describe('scenario words', () => {
  test('count only in the last user turn, in both prompt layouts', async () => {
    const old = '[user]: [[say:old]]\n\n[assistant]: old\n\n[user]: [[say:new]]'
    expect(answerText(await framesOf(await service.chat({ token: 'rich', message: old })))).toBe('new')
    const second = '[user]\n[[say:old]]\n\n[assistant]\n[[say:no]]\n\n[user]\n[[say:new]]'
    expect(answerText(await framesOf(await service.chat({ token: 'rich', message: second })))).toBe('new')
  })

  test('tokens gives exactly that many answer tokens', async () => {
    const responses = responsesIn(await say('[[tokens:100]]'))
    expect(responses.filter((response) => response['messageTag'] === 'final')).toHaveLength(100)
    expect(
      responsesIn(await say('[[tokens:0]]')).filter((response) => response['messageTag'] === 'final'),
    ).toHaveLength(0)
  })

  test('say answers the exact text in several tokens, Unicode included', async () => {
    const text = '你好，世界 🌍 — line one\nline [two]'
    const frames = await say(`[[say:${text}]]`)
    expect(answerText(frames)).toBe(text)
    expect(
      responsesIn(frames).filter((response) => response['messageTag'] === 'final').length,
    ).toBeGreaterThan(3)
  })

  test('tool-call calls the declared function, and after its result answers in words', async () => {
    const tools =
      '[system]: Tools\nTool: find_city\nDescription: finds\nParameters: {"type":"object","properties":{"name":{"type":"string"},"limit":{"type":"integer"}}}'
    const asked = `${tools}\n\n[user]: Where? [[tool-call]]`
    const called = answerText(await framesOf(await service.chat({ token: 'rich', message: asked })))
    expect(called).toBe(
      '<tool_calls>\n  <tool_call>\n    <tool_name>find_city</tool_name>\n    <parameters>{"name":"Oslo","limit":4}</parameters>\n  </tool_call>\n</tool_calls>',
    )
    const answered = `${asked}\n\n[assistant]:\n${called}\n\n[tool result for call_1]:\n{"temp":4}`
    const text = answerText(await framesOf(await service.chat({ token: 'rich', message: answered })))
    expect(text).toContain('{"temp":4}')
    expect(text).not.toContain('<tool_calls>')
  })

  test('steps are taken one after another, each assistant turn one', async () => {
    const asked = '[user]: Go. [[step1:call run {"a":[1]}]] [[step2:say {"b": [2]}]]'
    expect(answerText(await say(asked))).toContain('<parameters>{"a":[1]}</parameters>')
    const after = `${asked}\n\n[assistant]:\n<tool_calls/>\n\n[tool result for c]:\nok\n\n[user]: a note`
    expect(answerText(await say(after))).toBe('{"b": [2]}')
    expect(answerText(await say(`${after}\n\n[assistant]: {}`))).toContain('a note')
  })

  test('tool-call takes a name and arguments of its own', async () => {
    const text = answerText(await say('[[tool-call:run {"list":[1,2]}]]'))
    expect(text).toContain('<tool_name>run</tool_name>')
    expect(text).toContain('<parameters>{"list":[1,2]}</parameters>')
  })

  test('search has tool cards, sources and citation cards; split-render-tag tears the tags', async () => {
    const responses = responsesIn(await say('[[search]]'))
    for (const key of ['toolUsageCard', 'webSearchResults', 'xSearchResults', 'cardAttachment']) {
      expect(responses.some((response) => key in response)).toBe(true)
    }
    expect(
      responses.some((response) => String(response['token']).match(/^<grok:render .*<\/grok:render>$/)),
    ).toBe(true)
    const torn = await say('[[split-render-tag]]')
    expect(responsesIn(torn).some((response) => response['token'] === '<grok:ren')).toBe(true)
    expect(answerText(torn)).toContain('</grok:render>')
  })
})

describe('continuing', () => {
  test('E2 answers without a conversation frame and only for the owner', async () => {
    const [first] = await say('Hi')
    const id = String(objectIn(objectIn(first?.['result'])['conversation'])['conversationId'])
    const path = `/rest/app-chat/conversations/${id}/responses`
    const frames = await framesOf(await service.chat({ token: 'rich', path }))
    expect(Object.keys(objectIn(frames[0]?.['result']))).toEqual(['response'])
    expect((await service.chat({ token: 'other', path })).status).toBe(404)
  })
})
