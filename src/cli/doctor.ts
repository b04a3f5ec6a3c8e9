import { parseArgs } from 'node:util'
import { encodeForScripts, examine } from '../app-doctor.ts'
import { parseStartup } from '../config/startup.ts'
import { systemClock } from '../util/clock.ts'
import { openPartsToLook } from './open-parts.ts'

type Environment = Readonly<Record<string, string | undefined>>

type Finding = ReturnType<typeof examine> extends AsyncGenerator<infer Item> ? Item : never

const signs = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL', skipped: 'skip' } as const

/** `grok2api doctor [--account ID] [--no-chat] [--json]`: tells what is wrong; 1 if something is. */
export async function runDoctorCommand(args: readonly string[], environment: Environment): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      account: { type: 'string' },
      json: { type: 'boolean', default: false },
      'no-chat': { type: 'boolean', default: false },
    },
  })
  const accountId = values.account === undefined ? undefined : Number(values.account)
  if (accountId !== undefined && !(Number.isInteger(accountId) && accountId > 0)) {
    console.error('--account takes the number of an account')
    return 2
  }
  const wish = { chat: !values['no-chat'], ...(accountId !== undefined && { accountId }) }
  const startup = parseStartup(environment)
  const open = async () => ({ ...(await openPartsToLook(environment)), clock: systemClock })
  const signal = AbortSignal.timeout(MAX_SECONDS * 1000)
  const counts = { ok: 0, warn: 0, fail: 0, skipped: 0 }
  for await (const finding of examine(startup, open, { wish, signal })) {
    counts[finding.status]++
    console.log(values.json ? JSON.stringify(encodeForScripts(finding)) : describe(finding))
  }
  if (!values.json)
    console.log(
      `\n${counts.ok} ok, ${counts.warn} to look at, ${counts.fail} failed, ${counts.skipped} skipped`,
    )
  return counts.fail > 0 ? 1 : 0
}

/** The longest run; every check has a time of its own below it. */
const MAX_SECONDS = 600

const INDENT = '\n                      '

function describe({ status, check, message, input, nextStep, setting, reason }: Finding): string {
  const lines = [`${signs[status]}  ${check.padEnd(16)}${message}`]
  if (input !== undefined) lines.push(`at: ${input}`)
  if (status === 'ok' || status === 'skipped') return lines.slice(0, 1).join(INDENT)
  if (reason !== undefined) lines.push(`reason: ${reason}`)
  if (nextStep !== undefined) lines.push(`next: ${nextStep}`)
  if (setting !== undefined) lines.push(`setting: ${setting}`)
  return lines.join(INDENT)
}
