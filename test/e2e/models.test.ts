import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readJson } from '../harness/json.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({
    accounts: [{ token: 'basic', tier: 'basic' }],
    environment: {
      GROK_MODELS_ALIASES: 'gpt-5.5=grok-4.20-auto,claude-*=grok-4.20-expert,claude-opus*=grok-4.20-fast',
      GROK_MODELS_CONTEXT_LENGTHS: 'grok-4.20-fast=2000',
    },
  })
})

afterAll(() => gateway.stop())

interface Listing {
  object: string
  data: { id: string; object: string; created: number; owned_by: string }[]
}

describe('GET /v1/models', () => {
  test('lists what the accounts at hand can serve, the same at every call', async () => {
    const first = await readJson<Listing>(await gateway.get('/v1/models'))
    const second = await readJson<Listing>(await gateway.get('/v1/models'))
    expect(first).toEqual(second)
    expect(first.object).toBe('list')
    expect(first.data.map(({ id }) => id)).toContain('grok-4.20-auto')
    expect(first.data.map(({ id }) => id)).not.toContain('grok-4.20-heavy')
    expect(first.data[0]).toMatchObject({ object: 'model', owned_by: 'xai' })
  })
})

describe('GET /v1/models/{id}', () => {
  test('gives one model', async () => {
    const response = await gateway.get('/v1/models/grok-4.20-fast')
    expect(await response.json()).toMatchObject({ id: 'grok-4.20-fast', object: 'model' })
  })

  test.each(['grok-4.20-heavy', 'gpt-17'])('%s, which no account serves, is a 404', async (id) => {
    const response = await gateway.get(`/v1/models/${id}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_found' } })
  })
})

describe('aliases', () => {
  test('whole names are listed, with the properties of what they stand for', async () => {
    const { data } = await readJson<Listing>(await gateway.get('/v1/models'))
    expect(data.map(({ id }) => id)).toContain('gpt-5.5')
    expect(data.some(({ id }) => id.includes('*'))).toBe(false)
  })

  test.each([
    ['gpt-5.5', 'auto'],
    ['claude-sonnet-9', 'expert'],
    ['claude-opus-5-5', 'fast'],
  ])('%s is answered under the name that was asked, in mode %s', async (model, mode) => {
    await gateway.emulator.clearRequests()
    const completion = await gateway.openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(completion.model).toBe(model)
    const requests = await gateway.emulator.requests({ path: '/rest/app-chat/conversations/new' })
    expect(requests[0]?.body).toMatchObject({ modeId: mode })
    expect(await (await gateway.get(`/v1/models/${model}`)).json()).toMatchObject({ id: model })
  })
})

describe('the context length', () => {
  test('is told of each model', async () => {
    expect(await (await gateway.get('/v1/models/grok-4.20-fast')).json()).toMatchObject({
      context_length: 2000,
    })
    expect(await (await gateway.get('/v1/models/grok-4.20-auto')).json()).toMatchObject({
      context_length: 500_000,
    })
  })

  test('is kept to before an account is used, with an error that clients recover from', async () => {
    await gateway.emulator.clearRequests()
    const response = await gateway.post('/v1/chat/completions', {
      model: 'grok-4.20-fast',
      messages: [{ role: 'user', content: 'word '.repeat(3000) }],
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } })
    expect(await gateway.emulator.requests({ path: '/rest/app-chat/conversations/new' })).toHaveLength(0)
  })
})
