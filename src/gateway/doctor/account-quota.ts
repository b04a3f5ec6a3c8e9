import { chatModes, mediaModes, WEEKLY, type ServedMode } from '../../core/model.ts'
import { reasonRules } from '../../core/reason.ts'
import type { QuotaFigures, QuotaReport } from '../../core/quota-report.ts'
import { fine, type Finding } from './finding.ts'

/**
 * What an account has left by the upstream's word: chats and media apart, since neither makes up for the other. Throws why
 * a mode is not known.
 */
export function judgeQuota(report: QuotaReport): Finding {
  const failed = [...chatModes, ...mediaModes].map((mode) => report[mode]).find(isFailure)
  if (failed !== undefined) throw failed
  const chats = readFigures(report, chatModes)
  const media = readFigures(report, mediaModes)
  const pool = report[WEEKLY]
  const told = [...chats, ...media].map(({ mode, remaining, total }) => `${mode} ${remaining} of ${total}`)
  if (isFailure(pool)) told.push('the weekly pool is not known')
  else if (isFigures(pool)) told.push(`${pool.remaining / (pool.total / 100)} % of the weekly pool`)
  // the pool decides about chats where there is one
  const hasChats = isFigures(pool) ? pool.remaining > 0 : chats.some(hasSome)
  const lacks = [
    ...(hasChats ? [] : ['chats']),
    ...(media.length === 0 || media.some(hasSome) ? [] : ['media']),
  ]
  if (lacks.length === 0) return fine(`Queries left: ${told.join(', ')}.`)
  const { sentence, nextStep } = reasonRules.quota
  const figures = told.length > 0 ? told.join(', ') : 'no mode is open to it'
  return {
    status: 'warn',
    message: `${sentence} Nothing is left for ${lacks.join(' and ')}: ${figures}.`,
    reason: 'quota',
    nextStep,
  }
}

interface ModeFigures extends QuotaFigures {
  readonly mode: ServedMode
}

function readFigures(report: QuotaReport, modes: readonly ServedMode[]): readonly ModeFigures[] {
  return modes.flatMap((mode) => {
    const answer = report[mode]
    return isFigures(answer) ? [{ mode, ...answer }] : []
  })
}

type Answer = QuotaReport[keyof QuotaReport]

function isFigures(answer: Answer): answer is QuotaFigures {
  return typeof answer === 'object' && !(answer instanceof Error)
}

function isFailure(answer: Answer): answer is Extract<Answer, Error> {
  return answer instanceof Error
}

function hasSome({ remaining }: QuotaFigures): boolean {
  return remaining > 0
}
