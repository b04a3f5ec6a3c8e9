import { expect, test } from 'bun:test'
import { presentFilm } from './present-film.ts'

const addresses = { upstream: 'https://assets.grok.com/v.mp4?cache=1&dl=1', local: 'https://g.test/v?id=1' }

test.each([
  ['grok_url', addresses.upstream],
  ['local_url', addresses.local],
  ['grok_html', '<video controls src="https://assets.grok.com/v.mp4?cache=1&#38;dl=1"></video>'],
  ['local_html', '<video controls src="https://g.test/v?id=1"></video>'],
] as const)('a film as %s', (format, text) => {
  expect(presentFilm(format, addresses)).toBe(text)
})
