import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { ToolNames, type ToolTarget } from './tool-names.ts'

const target: fc.Arbitrary<ToolTarget> = fc.oneof(
  fc.constant({ type: 'tool-search' as const }),
  fc
    .tuple(
      fc.constantFrom('function' as const, 'custom' as const),
      fc.oneof(fc.string({ minLength: 1, maxLength: 90 }), fc.constantFrom('a', 'b__a', 'tool_search')),
      fc.option(fc.constantFrom('b', 'a', 'x'.repeat(70)), { nil: undefined }),
    )
    .map(([type, name, namespace]) => (namespace === undefined ? { type, name } : { type, name, namespace })),
)

test('every tool has a name of its own that the model can write, and a call by it finds the tool', () => {
  fc.assert(
    fc.property(fc.array(target, { maxLength: 20 }), (targets) => {
      const names = new ToolNames()
      const given = new Map<string, ToolTarget>()
      for (const target of targets) {
        const name = names.add(target)
        if (name !== undefined) given.set(name, target)
      }
      for (const [name, target] of given) {
        expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
        expect(names.targetOf(name)).toEqual(target)
        expect(names.nameOf(target)).toBe(name)
      }
      expect(given.size).toBe(new Set(targets.map((target) => names.nameOf(target))).size)
    }),
  )
})

test('a tool in a namespace is named after both', () => {
  const names = new ToolNames()
  expect(names.add({ type: 'function', name: 'wait', namespace: 'agents' })).toBe('agents__wait')
  expect(names.nameOf({ type: 'function', name: 'gone', namespace: 'agents' })).toBe('agents__gone')
})

test('a call by a name that nobody offered is answered as a function of that name', () => {
  expect(new ToolNames().targetOf('strange')).toEqual({ type: 'function', name: 'strange' })
})
