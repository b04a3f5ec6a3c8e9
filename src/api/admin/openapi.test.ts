import { describe, expect, test } from 'bun:test'
import { readJson } from '../../../test/harness/json.ts'
import { startAdmin } from './admin-for-tests.ts'
import { CSRF_HEADER } from './guard.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly object[]
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }
  readonly responses: Record<string, { description: string; content: Record<string, { schema: object }> }>
}
interface Document {
  readonly openapi: string
  readonly info: { title: string; version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }
}

const admin = await startAdmin()
const document = await readJson<Document>(await admin.ask('GET', '/openapi.json'))
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Every `$ref` of a value. */
function* references(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string') yield member
    else yield* references(member)
  }
}

function resolve(reference: string): unknown {
  let value: unknown = document
  for (const name of reference.replace('#/', '').split('/')) {
    value = (value as Record<string, unknown> | undefined)?.[name]
  }
  return value
}

describe('the description of the admin API', () => {
  test('is not public', async () => {
    expect((await admin.request('/openapi.json')).status).toBe(401)
  })

  test('has every route, and no other', () => {
    const described = operations.map(({ path, method }) => `${method} ${path}`).sort()
    const served = admin.routes.map(
      ({ path, method }) => `${method} /admin/api${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
    expect(described).toEqual(served.sort())
  })

  test('is a well-formed OpenAPI 3.1 document', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info.title).not.toBe('')
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    for (const { operation } of operations) {
      expect(operation.summary).toEndWith('.')
      expect(Object.keys(operation.responses)).toContain('200')
      for (const { description, content } of Object.values(operation.responses)) {
        expect(description).not.toBe('')
        for (const { schema } of Object.values(content)) expect(schema).toBeObject()
      }
    }
  })

  test('has no reference that leads nowhere', () => {
    const all = [...references(document)]
    expect(all.length).toBeGreaterThan(0)
    expect(all.filter((reference) => resolve(reference) === undefined)).toEqual([])
  })

  test('declares each parameter of a path once, as required', () => {
    for (const { path, operation } of operations) {
      const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name) as (string | undefined)[]).toEqual(inPath)
      expect(declared.every(({ required }) => required)).toBe(true)
    }
  })

  test('says who may use what: only the login is open, and changes by cookie need the token', () => {
    const names = new Set(Object.keys(document.components.securitySchemes))
    for (const { path, method, operation } of operations) {
      expect(operation.security.length === 0).toBe(path === '/admin/api/login')
      expect(operation.security.flatMap(Object.keys).every((name) => names.has(name))).toBe(true)
      const hasCsrf = operation.parameters?.some(({ name }) => name === CSRF_HEADER) ?? false
      expect(hasCsrf).toBe(method !== 'get' && path !== '/admin/api/login')
    }
  })

  test('comes from the schemas that requests are parsed with', () => {
    const audit = document.paths['/admin/api/audit']?.['get']?.parameters ?? []
    expect(audit.map(({ name, required }) => [name, required])).toEqual([
      ['limit', false],
      ['before_id', false],
      ['action', false],
    ])
    expect(audit[0]?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 500, default: 50 })
    const reset = document.paths['/admin/api/config/reset']?.['post']?.requestBody
    expect(reset?.content['application/json']?.schema).toMatchObject({ required: ['keys'] })
  })
})
