import { addAccounts } from '../accounts/add-accounts.ts'
import { parseStartup } from '../config/startup.ts'
import { systemClock } from '../util/clock.ts'
import { openBox, openStores } from './open-parts.ts'
import { serve, type Server } from './serve.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where the demo keeps its data unless `DATA_DIR` says otherwise. */
const DEMO_DATA_DIR = 'data/demo'
const DEFAULT_EMULATOR_PORT = '9100'

/** Seconds that the emulator may take to start. */
const EMULATOR_START_SECONDS = 20

/** The accounts that the emulator knows from its start. */
const accounts = [
  { credential: 'demo-basic-token', tier: 'basic', tags: ['demo'] },
  { credential: 'demo-super-token', tier: 'super', tags: ['demo'] },
  { credential: 'demo-heavy-token', tier: 'heavy', tags: ['demo'] },
] as const

/** Starts the emulated upstream and the gateway on it; prints how to try it. Closing the server ends both. */
export async function startDemo(given: Environment): Promise<Server> {
  const emulator = await startEmulator(given['EMULATOR_PORT'] || DEFAULT_EMULATOR_PORT)
  try {
    const environment = demoEnvironment(given, emulator.url)
    await addDemoAccounts(environment)
    const server = await serve(environment)
    printInstructions(server, emulator.url)
    return {
      ...server,
      close: async () => {
        await server.close()
        await emulator.stop()
      },
    }
  } catch (error) {
    await emulator.stop()
    throw error
  }
}

function demoEnvironment(given: Environment, emulatorUrl: string): Environment {
  const dataDir = given['DATA_DIR'] || DEMO_DATA_DIR
  return {
    ...given,
    DATA_DIR: dataDir,
    LOG_DIR: given['LOG_DIR'] || `${dataDir}/logs`,
    SERVER_HOST: given['SERVER_HOST'] || '127.0.0.1',
    GROK_UPSTREAM_BASE_URL: emulatorUrl,
    GROK_UPSTREAM_ASSETS_URL: `${emulatorUrl}/assets`,
  }
}

async function addDemoAccounts(environment: Environment): Promise<void> {
  const startup = parseStartup(environment)
  const stores = await openStores(startup)
  try {
    await addAccounts(stores.accounts, openBox(startup), accounts, systemClock())
  } finally {
    await stores.close()
  }
}

/** The emulator is a program of its own: the gateway talks to it as it talks to the real service. */
async function startEmulator(port: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const program = Bun.fileURLToPath(new URL('../../emulator/main.ts', import.meta.url))
  const child = Bun.spawn([process.execPath, program, '--port', port], { stdout: 'pipe', stderr: 'inherit' })
  const stop = async (): Promise<void> => {
    child.kill()
    await child.exited
  }
  const url = await Promise.race([readUrl(child.stdout), Bun.sleep(EMULATOR_START_SECONDS * 1000)])
  if (url) return { url, stop }
  await stop()
  throw new Error(`the emulator did not start on port ${port}; is it in use? EMULATOR_PORT chooses another`)
}

/** The address in the line that the emulator prints when it listens; undefined if it ends without one. */
async function readUrl(output: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true })
    const url = /listening on (http:\S+)/.exec(text)?.[1]
    if (url !== undefined) return url
  }
  return undefined
}

function printInstructions({ url, settings }: Server, emulatorUrl: string): void {
  const { api_key: apiKeys, app_key: adminKey } = settings.current.app
  const apiKey = apiKeys[0] ?? ''
  console.log(`
grok2api demo: ${url}   (upstream: the emulator at ${emulatorUrl})

  API key    ${apiKey === '' ? '(none: the API is open)' : apiKey}
  admin key  ${adminKey}

Try it:

curl -N ${url}/v1/chat/completions -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '{"model":"grok-4.20-auto","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'

Press Ctrl+C to stop.`)
}
