import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/**
 * Where a process runs. Where CPU time or throughput is measured, the measured process has one core for itself and
 * everything else shares the other; where latency is measured it may use both, as in production.
 */
export type Side = 'first-core' | 'second-core' | 'any-core'

export interface ServiceOptions {
  readonly args: readonly string[]
  readonly side: Side
  readonly environment?: Readonly<Record<string, string>>
  /** Whether it has the gateway's runtime settings (`script/runtime`); otherwise those of the runtime itself. */
  readonly isTuned?: boolean
  /** Where standard error goes. */
  readonly logPath: string
}

/** A running server of ours. */
export interface ServiceProcess extends AsyncDisposable {
  /** `http://host:port`, as the server printed it. */
  readonly url: string
  /** User and system time of the process with all its threads so far. */
  cpuMilliseconds(): number
  /** User and system time of its main thread so far. */
  mainThreadMilliseconds(): number
  residentMb(): number
}

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 12_000
/** The kernel's unit of `/proc/<pid>/stat` (USER_HZ), the same on every Linux that Bun runs on. */
const TICK_MS = 10

/** Cores can be told apart only where there are two, and util-linux. */
const canPin = cpus().length > 1 && existsSync('/usr/bin/taskset')

/** Starts `bun <args>` and waits until it says where it listens. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const command = [...pinned(options.side), process.execPath, ...options.args]
  const child = Bun.spawn(options.isTuned === true ? tuned(command) : command, {
    cwd: `${import.meta.dir}/..`,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...options.environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: Bun.file(options.logPath),
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await child.exited
    clearTimeout(timer)
  }
  try {
    const url = await readAddress(child.stdout)
    return {
      url,
      cpuMilliseconds: () => readCpuTicks(`/proc/${child.pid}/stat`) * TICK_MS,
      mainThreadMilliseconds: () => readCpuTicks(`/proc/${child.pid}/task/${child.pid}/stat`) * TICK_MS,
      residentMb: () => readResidentKb(child.pid) / 1024,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`bun ${options.args.join(' ')} did not start; see ${options.logPath}`, { cause: error })
  }
}

/** Puts this process, with its threads, on the core of everything that is not measured. */
export function pinSelf(): void {
  if (canPin) Bun.spawnSync(['taskset', '-acp', '1', String(process.pid)], { stdout: 'ignore' })
}

/** The command as the scripts would start it; the shell gives its process over. */
function tuned(command: readonly string[]): string[] {
  return ['bash', '-c', '. script/runtime && exec "$@"', 'bash', ...command]
}

function pinned(side: Side): string[] {
  if (!canPin) return []
  // said aloud, because a child would inherit the core of this process
  const cores = { 'first-core': '0', 'second-core': '1', 'any-core': `0-${cpus().length - 1}` }
  return ['taskset', '-c', cores[side]]
}

async function readAddress(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  const reader = output.getReader()
  const timer = setTimeout(() => void reader.cancel(), START_LIMIT_MS)
  let text = ''
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += decoder.decode(read.value, { stream: true })
      const url = /listen\w* on (http:\/\/\S+)\s/.exec(text)?.[1]
      if (url !== undefined) return url
    }
  } finally {
    clearTimeout(timer)
    reader.releaseLock()
  }
  throw new Error(`no address within ${START_LIMIT_MS} ms; it said: ${text}`)
}

function readCpuTicks(path: string): number {
  const stat = readFileSync(path, 'utf8')
  // the name in parentheses may hold blanks: fields are counted after it (proc(5): utime is 14, stime is 15)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function readResidentKb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1])
}
