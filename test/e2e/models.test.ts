import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readJson } from '../harness/json.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({ accounts: [{ token: 'basic', tier: 'basic' }] })
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
