import { cpus, totalmem } from 'node:os'

/** What a figure depends on beside the code. */
export interface MachineFacts {
  readonly cpuModel: string
  readonly cores: number
  readonly memoryMb: number
  readonly kernel: string
  readonly bun: string
  readonly commit: string
  /** Whether the working tree differs from the commit. */
  readonly isDirty: boolean
  /** Load average over the last minute when the run began: what else was running. */
  readonly loadAtStart: string
}

/** The machine, the runtime and the state of the repository. */
export async function readMachineFacts(): Promise<MachineFacts> {
  const load = await Bun.file('/proc/loadavg').text()
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1024 ** 2),
    kernel: (await Bun.file('/proc/sys/kernel/osrelease').text()).trim(),
    bun: Bun.version,
    commit: git(['rev-parse', '--short', 'HEAD']),
    isDirty: git(['status', '--porcelain']) !== '',
    loadAtStart: load.split(' ')[0] ?? '',
  }
}

function git(args: readonly string[]): string {
  const { stdout } = Bun.spawnSync(['git', ...args], { cwd: import.meta.dir, stderr: 'ignore' })
  return stdout.toString().trim()
}
