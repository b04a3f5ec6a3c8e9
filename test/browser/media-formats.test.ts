import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { hasBrowser, openBrowser } from '../harness/browser.ts'
import { freePort } from '../harness/free-port.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

/*
 * What chat answers carry of pictures and films, in every format, through every door, opened by a browser. What stays at
 * the upstream is private there: the browser is logged in as the account, as its owner's is.
 */

const TOKEN = 'token-heavy'
const imageFormats = ['grok_url', 'local_url', 'grok_md', 'local_md', 'base64'] as const
const videoFormats = ['grok_url', 'local_url', 'grok_html', 'local_html'] as const
const doors = ['chat/completions', 'responses', 'messages'] as const

let browser: Browser

beforeAll(async () => {
  if (hasBrowser) browser = await openBrowser()
})

afterAll(() => browser?.close())

interface Setting {
  readonly variable: string
  readonly format: string
  readonly hasPublicUrl: boolean
}

async function start({
  variable,
  format,
  hasPublicUrl,
}: Setting): Promise<TestGateway & { publicUrl: string }> {
  const port = freePort()
  const publicUrl = hasPublicUrl ? `http://localhost:${port}` : `http://127.0.0.1:${port}`
  const gateway = await startGateway({
    accounts: [{ token: TOKEN, tier: 'heavy' }],
    environment: {
      SERVER_PORT: String(port),
      [variable]: format,
      ...(hasPublicUrl && { GROK_APP_APP_URL: publicUrl }),
    },
  })
  await gateway.emulator.setBehaviour({ videoSeconds: 0.1 })
  return { ...gateway, publicUrl }
}

/** The text of an answer, whatever the door. */
async function ask(
  gateway: TestGateway,
  door: (typeof doors)[number],
  model: string,
  prompt: string,
): Promise<string> {
  const messages = [{ role: 'user', content: prompt }]
  const body = door === 'responses' ? { model, input: prompt } : { model, messages, max_tokens: 4_000_000 }
  const answer = await (await gateway.post(`/v1/${door}`, body)).json()
  const { choices, output, content } = answer as {
    choices?: { message: { content: string } }[]
    output?: { type: string; content?: { text: string }[] }[]
    content?: { type: string; text?: string }[]
  }
  const parts = output?.flatMap((item) => item.content ?? []) ?? content ?? []
  return choices?.[0]?.message.content ?? parts.map(({ text }) => text ?? '').join('')
}

/** The address in a text: in Markdown, in a player's tag, or by itself. */
function addressIn(text: string): string {
  const found = /!\[image\]\(([^)]+)\)/.exec(text) ?? /src="([^"]+)"/.exec(text) ?? /(https?:\S+)/.exec(text)
  return (found?.[1] ?? '').replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

/** A page of the gateway's own address, logged in at the upstream. */
async function openPage(gateway: TestGateway, address: string): Promise<Page> {
  const context = await browser.newContext()
  if (address.includes('/assets/')) {
    const cookies = ['sso', 'sso-rw'].map((name) => ({ name, value: TOKEN, url: new URL(address).origin }))
    await context.addCookies(cookies)
  }
  const page = await context.newPage()
  await page.goto(`${gateway.url}/health`)
  return page
}

/** The size of a picture as the browser has decoded it. */
async function showPicture(gateway: TestGateway, address: string): Promise<number> {
  const page = await openPage(gateway, address)
  if (!address.startsWith('data:')) {
    // by itself, as somebody would who clicks the link
    await page.goto(address)
    return page.evaluate('document.images[0]?.naturalWidth ?? 0')
  }
  return page.evaluate(
    `new Promise((done) => { const image = new Image(); image.onload = () => done(image.naturalWidth); image.onerror = () => done(0); image.src = ${JSON.stringify(address)} })`,
  )
}

interface Playing {
  readonly seconds: number
  readonly width: number
  readonly height: number
}

/** Opens a film by itself, as a link does, and plays it inside a page, as a player does. */
async function playFilm(gateway: TestGateway, address: string): Promise<Playing> {
  const page = await openPage(gateway, address)
  await page.goto(address)
  await page.waitForFunction('document.querySelector("video").readyState >= 2')
  await page.goto(`${gateway.url}/health`)
  await page.setContent(`<video muted autoplay src="${address.replaceAll('&', '&amp;')}"></video>`)
  await page.waitForFunction('document.querySelector("video").currentTime > 0')
  return page.evaluate(`(() => {
    const film = document.querySelector('video')
    return { seconds: film.duration, width: film.videoWidth, height: film.videoHeight }
  })()`)
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  for (const hasPublicUrl of [false, true]) {
    const where = hasPublicUrl ? 'below app.app_url' : 'below the address of the caller'
    test.each([...imageFormats])(
      `pictures as %s, ${where}, open from every door`,
      async (format) => {
        const gateway = await start({ variable: 'GROK_FEATURES_IMAGE_FORMAT', format, hasPublicUrl })
        try {
          for (const door of doors) {
            const address = addressIn(await ask(gateway, door, 'grok-4.20-fast', '[[image]]'))
            if (format.startsWith('local'))
              expect(address).toStartWith(`${gateway.publicUrl}/v1/files/image?id=`)
            if (format === 'base64') expect(address).toStartWith('data:image/jpeg;base64,')
            expect(await showPicture(gateway, address)).toBeGreaterThan(8)
          }
        } finally {
          await gateway.stop()
        }
      },
      60_000,
    )

    test.each([...videoFormats])(
      `films as %s, ${where}, play from every door`,
      async (format) => {
        const gateway = await start({ variable: 'GROK_FEATURES_VIDEO_FORMAT', format, hasPublicUrl })
        try {
          for (const door of doors) {
            const address = addressIn(await ask(gateway, door, 'grok-imagine-video', 'a boat'))
            if (format.startsWith('local'))
              expect(address).toStartWith(`${gateway.publicUrl}/v1/files/video?id=`)
            const { seconds, width, height } = await playFilm(gateway, address)
            expect(seconds).toBeCloseTo(6, 0)
            expect(width / height).toBeCloseTo(9 / 16, 1)
          }
        } finally {
          await gateway.stop()
        }
      },
      60_000,
    )
  }
})
