import { GatewayError } from '../core/error.ts'
import { mediaModes, type MediaMode } from '../core/model.ts'
import type { QuotaFigures, QuotaReport } from '../core/quota-report.ts'
import { asNumber, asObject, asString, type JsonObject } from '../util/json-fields.ts'
import { readAnswerJson, type CallerIdentity, type RestCaller } from './rest-call.ts'

const PATH = '/rest/media/imagine/quota_info'
const TIMEOUT_SECONDS = 25
const ONE_DAY = 86_400

/** The upstream's names for what we count; the first that is there says it. */
const products: Readonly<Record<MediaMode, readonly string[]>> = {
  'imagine-image': ['imagePro'],
  'imagine-edit': ['imageEdit'],
  'imagine-video': ['video720p', 'video'],
}

/**
 * Asks what an account has left of pictures, edits and clips, all in one call (spec/upstream-media.md §15.6). What the
 * upstream does not tell stays as it is.
 */
export async function fetchMediaQuota(call: RestCaller, identity: CallerIdentity): Promise<QuotaReport> {
  try {
    const answer = await call(
      { method: 'POST', path: PATH, refererPath: '/imagine', body: '{}', timeoutSeconds: TIMEOUT_SECONDS },
      identity,
    )
    return parseProducts(asObject(readAnswerJson(answer)))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // an older service does not know the question, which says nothing about the account
    return error.code === 'upstream_rejected'
      ? {}
      : Object.fromEntries(mediaModes.map((mode) => [mode, error]))
  }
}

function parseProducts(fields: JsonObject | undefined): QuotaReport {
  const entries = mediaModes.flatMap((mode) => {
    const product = products[mode].map((name) => asObject(fields?.[name])).find(Boolean)
    const figures = product && parseFigures(product)
    return figures ? [[mode, figures] as const] : []
  })
  return Object.fromEntries(entries)
}

/** The upstream names no total: the most that was seen stands for it. */
function parseFigures(product: JsonObject): QuotaFigures | undefined {
  const isAvailable = product['available'] === true
  const remaining = isAvailable ? asNumber(product['remainingQueries']) : 0
  if (remaining === undefined) return undefined
  const windowSeconds = asNumber(product['windowSizeSeconds']) || ONE_DAY
  const next = Date.parse(asString(product['nextAvailableAt']) ?? '')
  const waitSeconds = Number.isNaN(next) ? undefined : Math.max(0, (next - Date.now()) / 1000)
  return {
    remaining: Math.max(0, remaining),
    total: Math.max(1, remaining),
    windowSeconds,
    ...(waitSeconds !== undefined && { waitSeconds }),
  }
}
