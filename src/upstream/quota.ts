import { GatewayError } from '../core/error.ts'
import { chatModes, isMediaMode, WEEKLY, type Mode } from '../core/model.ts'
import type { QuotaFigures, QuotaReport } from '../core/quota-report.ts'
import { asNumber, asObject } from '../util/json-fields.ts'
import { fetchMediaQuota } from './media-quota.ts'
import {
  oddAnswer,
  readAnswerJson,
  type CallerIdentity,
  type RestAnswer,
  type RestCaller,
} from './rest-call.ts'
import { fetchWeeklyPool } from './weekly-pool.ts'

const QUOTA_PATH = '/rest/rate-limits'
const TIMEOUT_SECONDS = 25
const FAST_WINDOW_SECONDS = 86_400
const OTHER_WINDOW_SECONDS = 7_200

/** Asks for the windows of some modes, side by side; throws only if the account itself is refused. */
export async function fetchQuota(
  call: RestCaller,
  identity: CallerIdentity,
  modes: readonly Mode[],
): Promise<QuotaReport> {
  const chat = chatModes.filter((mode) => modes.includes(mode))
  const [media, weekly, ...answers] = await Promise.all([
    modes.some(isMediaMode) ? fetchMediaQuota(call, identity) : {},
    modes.includes(WEEKLY) ? fetchWeeklyPool(call, identity) : undefined,
    ...chat.map((mode) => fetchMode(call, identity, mode)),
  ])
  const report: QuotaReport = {
    ...media,
    ...Object.fromEntries(chat.map((mode, index) => [mode, answers[index]])),
  }
  for (const answer of Object.values(report))
    if (answer instanceof GatewayError && isAboutAccount(answer)) throw answer
  // the pool comes last: a failure of its call never speaks for the account
  return weekly === undefined ? report : { ...report, [WEEKLY]: weekly }
}

async function fetchMode(
  call: RestCaller,
  identity: CallerIdentity,
  mode: Mode,
): Promise<QuotaFigures | 'absent' | GatewayError> {
  try {
    const body = JSON.stringify({ modelName: mode })
    const answer = await call(
      { method: 'POST', path: QUOTA_PATH, body, timeoutSeconds: TIMEOUT_SECONDS },
      identity,
    )
    return parseFigures(answer, mode)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // an unsupported mode is refused with a status of its own (§15, D14)
    return error.code === 'upstream_rejected' ? 'absent' : error
  }
}

function parseFigures(answer: RestAnswer, mode: Mode): QuotaFigures | 'absent' | GatewayError {
  const fields = asObject(readAnswerJson(answer))
  const remaining = asNumber(fields?.['remainingQueries'])
  if (!fields || remaining === undefined) return oddAnswer(answer, 'quota')
  const total = asNumber(fields['totalQueries']) ?? remaining
  if (total <= 0) return 'absent'
  const windowSeconds = asNumber(fields['windowSizeSeconds']) || defaultWindow(mode)
  const waitSeconds = asNumber(fields['waitTimeSeconds'])
  return {
    remaining: Math.max(0, remaining),
    total,
    windowSeconds,
    ...(waitSeconds !== undefined && { waitSeconds }),
  }
}

function defaultWindow(mode: Mode): number {
  return mode === 'fast' ? FAST_WINDOW_SECONDS : OTHER_WINDOW_SECONDS
}

function isAboutAccount({ code }: GatewayError): boolean {
  return code === 'credential_invalid' || code === 'account_blocked' || code === 'client_closed'
}
