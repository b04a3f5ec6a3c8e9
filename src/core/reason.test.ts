import { expect, test } from 'bun:test'
import { errorRules, GatewayError } from './error.ts'
import { renderReasonDocs } from './reason-docs.ts'
import { reasonRules, reasons } from './reason.ts'

test.each([...reasons])(
  '%s has a code, a sentence for callers and a next step for the operator',
  (reason) => {
    const { code, sentence, nextStep, settings } = reasonRules[reason]
    expect(errorRules[code].status).toBeGreaterThanOrEqual(400)
    expect(sentence).toEndWith('.')
    expect(nextStep.length).toBeGreaterThan(20)
    for (const key of settings) expect(sentence).not.toContain(key)
  },
)

test('an error that says no reason has the usual one of its code; those about the caller have none', () => {
  expect(new GatewayError('rate_limited', '').reason).toBe('quota')
  expect(new GatewayError('egress_rejected', '', { reason: 'challenge' }).reason).toBe('challenge')
  expect(new GatewayError('invalid_request', '').reason).toBeUndefined()
})

test('docs/reasons.md is what the table says; run `bun src/core/write-reason-docs.ts`', async () => {
  const file = Bun.file(new URL('../../docs/reasons.md', import.meta.url))
  expect(await file.text()).toBe(renderReasonDocs())
})
