import { describe, expect, test } from 'bun:test'
import { MASK, maskSecret } from './mask.ts'
import { resolveMasks } from './masked-patch.ts'

const values: Readonly<Record<string, unknown>> = {
  'app.app_key': 'a-long-admin-password-0001',
  'app.api_key': ['sk-first-key-of-many-1111', 'sk-second-key-of-many-2222', 'sk-third-key-alike-2222'],
  'app.webui_key': '',
  'features.stream': true,
}

const resolve = (patch: Readonly<Record<string, unknown>>, locked: readonly string[] = []) =>
  resolveMasks(patch, { read: (key) => values[key], isLocked: (key) => locked.includes(key) })

describe('a mask', () => {
  test.each([
    ['', ''],
    ['short', MASK],
    ['fifteen-letters', MASK],
    ['sixteen-letters!', `${MASK}ers!`],
    [
      ['', 'a-long-admin-password-0001'],
      ['', `${MASK}0001`],
    ],
    [12_345, MASK],
  ])('of %p is %p', (secret, mask) => {
    expect(maskSecret(secret)).toEqual(mask)
  })
})

describe('a patch', () => {
  test('leaves out masks that come back as they were, nested and dotted', () => {
    expect(resolve({ app: { app_key: `${MASK}0001` }, 'app.app_key': `${MASK}0001` })).toEqual({
      patch: { app: {} },
      faults: [],
      keys: [],
    })
  })

  test('takes a new secret, an empty one, and anything that is no secret', () => {
    const patch = { app: { app_key: 'new', webui_key: 'new too' }, 'features.stream': MASK }
    expect(resolve(patch)).toMatchObject({ patch, faults: [] })
    expect(resolve({ 'app.app_key': '' }).patch).toEqual({ 'app.app_key': '' })
  })

  test.each([
    ['app.app_key', `${MASK}9999`],
    ['app.app_key', MASK],
    ['app.webui_key', MASK],
    ['app.api_key', [`${MASK}9999`]],
    ['app.api_key', [`${MASK}1111`, `${MASK}1111`]],
  ])('never saves a mask as if it were a secret: %s = %p', (key, value) => {
    expect(resolve({ [key]: value })).toMatchObject({ patch: {}, faults: [{ key }] })
  })

  test('in a list puts each secret in the place of its mask: one is taken out, one is added', () => {
    expect(resolve({ 'app.api_key': [`${MASK}2222`, 'sk-new', `${MASK}2222`] }).patch).toEqual({
      'app.api_key': ['sk-second-key-of-many-2222', 'sk-new', 'sk-third-key-alike-2222'],
    })
  })

  test('takes a list as text too, as a form has it', () => {
    expect(resolve({ 'app.api_key': `${MASK}1111\n${MASK}2222, ${MASK}2222` }).patch).toEqual({})
    expect(resolve({ 'app.api_key': `${MASK}1111\nsk-new` }).patch).toEqual({
      'app.api_key': ['sk-first-key-of-many-1111', 'sk-new'],
    })
  })

  test('may send back what the environment sets, but not change it', () => {
    const locked = ['features.stream', 'app.app_key']
    expect(resolve({ features: { stream: true }, app: { app_key: `${MASK}0001` } }, locked).keys).toEqual([])
    expect(resolve({ features: { stream: false } }, locked).keys).toEqual(['features.stream'])
  })

  test('keeps what it does not understand, for the settings to refuse', () => {
    const patch = { nothing: { of: 'that' }, app: null, 'app.app_key': [1] }
    expect(resolve(patch).patch).toEqual(patch)
  })
})
