import { importAccounts } from './cli/import-accounts.ts'
import { startDemo } from './cli/demo.ts'
import { serve, type Server } from './cli/serve.ts'
import { describeError } from './util/log.ts'

const USAGE = `usage: grok2api <command>

  serve            start the gateway (start-up variables: docs/config.md)
  demo             start it with an emulated upstream and three accounts
  import <file>    add accounts: one token a line, or JSON with pools
`

/** Runs until the process is told to stop. */
async function runUntilStopped(server: Server): Promise<number> {
  const stopped = Promise.withResolvers<number>()
  const stop = (): void => {
    server.close().then(
      () => stopped.resolve(0),
      (error: unknown) => stopped.reject(error),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  return stopped.promise
}

async function startServer(): Promise<Server> {
  const server = await serve(process.env)
  console.log(`grok2api listens on ${server.url}`)
  return server
}

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === 'serve') return runUntilStopped(await startServer())
  if (command === 'demo') return runUntilStopped(await startDemo(process.env))
  if (command === 'import') return importAccounts(args, process.env)
  console.error(USAGE)
  return 2
}

try {
  process.exit(await run(process.argv.slice(2)))
} catch (error) {
  console.error(describeError(error))
  process.exit(1)
}
