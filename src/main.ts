import { parseArgs } from 'node:util'
import { startDemo } from './cli/demo.ts'
import { runDoctorCommand } from './cli/doctor.ts'
import { importAccounts } from './cli/import-accounts.ts'
import { moveInVersion2 } from './cli/move-in.ts'
import { rotateKeys } from './cli/rotate-keys.ts'
import { serveWorkers } from './cli/serve-workers.ts'
import { serve, type Server } from './cli/serve.ts'
import { WORKER_VARIABLE } from './cli/supervise.ts'
import { parseStartup } from './config/startup.ts'
import { describeError } from './util/log.ts'
import { dropProxyVariables } from './util/proxy-variables.ts'

const USAGE = `usage: grok2api <command>

  serve                            start the gateway (start-up variables: docs/config.md)
  demo                             start it with an emulated upstream and three accounts
  doctor [--account ID] [--no-chat] [--json]
                                   check everything that a request depends on, and say what is wrong
  import <file> [--tier TIER]      add accounts: one token a line, or JSON with pools
  import --from PLACE [--config FILE] [--dry-run]
                                   take over a version 2 installation: the path of its accounts.db, or the address
                                   of its Redis, MySQL or PostgreSQL; and its config.toml
  keys rotate                      put all stored secrets under a new master key, while gateways run
`

/** Runs until the process is told to stop. */
async function runUntilStopped(server: Pick<Server, 'close'>): Promise<number> {
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

async function startServer(): Promise<Pick<Server, 'close'>> {
  const isWorker = process.env[WORKER_VARIABLE] !== undefined
  const { serverWorkers } = parseStartup(process.env)
  const server = serverWorkers > 1 && !isWorker ? await serveWorkers(process.env) : await serve(process.env)
  if (isWorker) return server
  console.log(`grok2api listens on ${server.url}`)
  return server
}

function runImport(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tier: { type: 'string' },
      from: { type: 'string' },
      config: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const { from, config, tier, 'dry-run': dryRun } = values
  if (from === undefined && config === undefined) return importAccounts(positionals[0], tier, process.env)
  const places = { ...(from !== undefined && { from }), ...(config !== undefined && { config }) }
  return moveInVersion2({ ...places, dryRun }, process.env)
}

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === 'serve') return runUntilStopped(await startServer())
  if (command === 'demo') return runUntilStopped(await startDemo(process.env))
  if (command === 'doctor') return runDoctorCommand(args, process.env)
  if (command === 'import') return runImport(args)
  if (command === 'keys' && args[0] === 'rotate') return rotateKeys(process.env)
  console.error(USAGE)
  return 2
}

try {
  dropProxyVariables(process.env)
  process.exit(await run(process.argv.slice(2)))
} catch (error) {
  console.error(describeError(error))
  process.exit(1)
}
