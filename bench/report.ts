import { mkdirSync } from 'node:fs'
import type { MachineFacts } from './machine.ts'

/** One measured value. */
export interface Figure {
  readonly label: string
  readonly value: number
  readonly unit: string
  /** The bound that the value must not pass (`max`) or must reach (`min`); absent: it is only shown. */
  readonly target?: { readonly bound: 'max' | 'min'; readonly value: number }
}

/** What one benchmark found. */
export interface BenchmarkResult {
  readonly name: string
  /** What was done, in a sentence, with the numbers that matter. */
  readonly method: string
  readonly figures: readonly Figure[]
  /** Every measurement behind the figures. */
  readonly raw: unknown
}

/** Whether the value is within its target; undefined without one. */
export function isMet({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined
  return target.bound === 'max' ? value <= target.value : value >= target.value
}

/** Prints a result as a table. */
export function printResult({ name, method, figures }: BenchmarkResult): void {
  const width = Math.max(...figures.map(({ label }) => label.length))
  console.log(`\n${name}: ${method}`)
  for (const figure of figures) {
    const value = `${formatNumber(figure.value)} ${figure.unit}`.trimEnd()
    console.log(`  ${figure.label.padEnd(width)}  ${value.padStart(14)}  ${verdict(figure)}`.trimEnd())
  }
}

/** Writes everything of a run to `bench/results/<time>.json`; returns the path. */
export async function saveRun(
  machine: MachineFacts,
  startedAt: Date,
  results: readonly BenchmarkResult[],
): Promise<string> {
  const folder = `${import.meta.dir}/results`
  mkdirSync(folder, { recursive: true })
  const path = `${folder}/${startedAt.toISOString().replaceAll(':', '-')}.json`
  await Bun.write(path, `${JSON.stringify({ startedAt, machine, results }, null, 2)}\n`)
  return path
}

function verdict(figure: Figure): string {
  if (!figure.target) return ''
  const sign = figure.target.bound === 'max' ? '≤' : '≥'
  const word = isMet(figure) ? 'met' : 'MISSED'
  return `target ${sign} ${formatNumber(figure.target.value)} ${figure.unit}: ${word}`.replace(' :', ':')
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 3)
}
