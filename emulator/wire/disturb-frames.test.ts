import { expect, test } from 'bun:test'
import { answerText, framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService()

const ask = async (words: string) => framesOf(await service.chat({ message: `[user]: [[tokens:5]]${words}` }))

test('rate-limit-first is the only line', async () => {
  expect(await ask('[[rate-limit-first]]')).toEqual([
    { error: { code: 8, message: 'Too many requests', details: [] } },
  ])
})

test('rate-limit-echo comes after the conversation and the echo', async () => {
  const frames = await ask('[[rate-limit-echo]]')
  expect(frames).toHaveLength(3)
  expect(frames[2]).toMatchObject({ error: { code: 8 } })
})

test('rate-limit-final stands in the final message, as in T6 (c)', async () => {
  const frames = await ask('[[rate-limit-final]]')
  expect(frames).toHaveLength(2)
  const [response] = responsesIn(frames)
  expect(objectIn(response?.['modelResponse'])).toMatchObject({
    message: '',
    streamErrors: [{ error: { code: 0, message: 'Usage limit reached for this mode' } }],
  })
})

test('error-late comes after three tokens and ends the stream', async () => {
  const frames = await ask('[[error-late]]')
  expect(answerText(frames)).toBe(' word word word')
  expect(frames.at(-1)).toEqual({ error: { code: 13, message: 'Internal error', details: [] } })
})

test('response-error is nested in result.response', async () => {
  expect((await ask('[[response-error]]')).at(-1)).toEqual({
    result: { response: { error: { code: 13, message: 'Internal error' } } },
  })
})

test('soft-stop-folded puts the stop on the last token', async () => {
  const stops = responsesIn(await ask('[[soft-stop-folded]]')).filter(
    (response) => response['isSoftStop'] === true,
  )
  expect(stops).toMatchObject([{ token: ' word', messageTag: 'final' }])
})

test('missing-end ends after the last token', async () => {
  expect(responsesIn(await ask('[[missing-end]]')).at(-1)).toMatchObject({
    token: ' word',
    isSoftStop: false,
  })
})

test('untagged tokens carry no messageTag', async () => {
  const responses = responsesIn(await ask('[[untagged]]'))
  expect(responses.some((response) => 'messageTag' in response)).toBe(false)
  expect(responses.filter((response) => response['token'] === ' word')).toHaveLength(5)
})

test('empty has a whole stream without text', async () => {
  const frames = await framesOf(await service.chat({ message: '[user]: [[empty]]' }))
  expect(answerText(frames)).toBe('')
  expect(responsesIn(frames).some((response) => response['isSoftStop'] === true)).toBe(true)
})
