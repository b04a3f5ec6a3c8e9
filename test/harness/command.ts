import { join } from 'node:path'

const main = join(import.meta.dir, '../../src/main.ts')

type Environment = Readonly<Record<string, string>>

/** Starts the command line as a process of its own, with these variables only. */
export function startCommand(args: readonly string[], environment: Environment) {
  const { PATH = '' } = process.env
  return Bun.spawn([process.execPath, main, ...args], {
    env: { PATH, ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

/** Runs the command line to its end. */
export async function runCommand(args: readonly string[], environment: Environment) {
  const child = startCommand(args, environment)
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { output, errors, code }
}
