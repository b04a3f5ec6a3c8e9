import { importAccounts } from './cli/import-accounts.ts'
import { serve } from './cli/serve.ts'
import { describeError } from './util/log.ts'

const USAGE = `usage: grok2api <command>

  serve            start the gateway (start-up variables: docs/config.md)
  import <file>    add accounts: one token a line, or JSON with pools
`

/** Runs until the process is told to stop. */
async function runServer(): Promise<number> {
  const server = await serve(process.env)
  console.log(`grok2api listens on ${server.url}`)
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

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === 'serve') return runServer()
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
