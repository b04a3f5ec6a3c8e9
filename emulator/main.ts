import { parseArgs } from 'node:util'
import { startEmulator } from './server.ts'

const USAGE = 'usage: bun emulator/main.ts [--port 9100] [--host 127.0.0.1] [--quiet]'
const MAX_PORT = 65_535

/** The command line: starts the emulator, says where it listens, ends on SIGINT and SIGTERM. */
function main(): void {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9100' },
      host: { type: 'string', default: '127.0.0.1' },
      quiet: { type: 'boolean', default: false },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) throw new Error(`not a port: ${values.port}`)
  const emulator = startEmulator({ port, host: values.host })
  if (!values.quiet) console.log(`emulator listening on ${emulator.url}`)
  const stop = (): void => {
    emulator.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

try {
  main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error(USAGE)
  process.exit(2)
}
