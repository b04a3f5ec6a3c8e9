import { expect, test } from 'bun:test'
import { parse } from 'smol-toml'
import { settingDefinitions } from './definitions.ts'
import { nestKeys } from './document-path.ts'
import { renderDocs } from './render-docs.ts'
import { renderSample } from './render-sample.ts'
import { startupVariables } from './startup-variables.ts'
import { generatedFiles } from './write-docs.ts'

const root = new URL('../../', import.meta.url)

for (const { path, render } of generatedFiles) {
  test(`${path} is what the schema says now (if not: bun src/config/write-docs.ts)`, async () => {
    expect(await Bun.file(new URL(path, root)).text()).toBe(render())
  })
}

test('the documentation names every key and every variable', () => {
  const docs = renderDocs()
  const names = [
    ...settingDefinitions.flatMap(({ key, environmentName }) => [key, environmentName]),
    ...Object.keys(startupVariables.shape),
  ]
  expect(names.filter((name) => !docs.includes(`\`${name}\``))).toEqual([])
})

test('the sample file changes nothing as it is', () => {
  const isEmpty = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && Object.values(value).every(isEmpty)
  expect(isEmpty(parse(renderSample()))).toBe(true)
})

test('the sample file gives the defaults when every setting in it is switched on', () => {
  const switchedOn = renderSample().replaceAll(/^#(?! )/gm, '')
  const defaults = nestKeys(
    new Map(settingDefinitions.map((definition) => [definition.key, definition.default])),
  )
  const parsed: Readonly<Record<string, unknown>> = parse(switchedOn)
  expect(parsed).toEqual(defaults)
})
