import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../core/error.ts'
import { fine, type DoctorCheck } from './finding.ts'
import { isWell, runDoctor } from './run-doctor.ts'

const check = (run: DoctorCheck['run'], timeoutSeconds = 5): DoctorCheck => ({
  name: 'edge',
  timeoutSeconds,
  run,
})
const never = new AbortController().signal

describe('a run of the doctor', () => {
  test('tells each finding before the next check begins', async () => {
    const order: string[] = []
    const checks = ['first', 'second'].map((name) =>
      check(async () => {
        order.push(`looks at ${name}`)
        return fine(name)
      }),
    )
    for await (const { message } of runDoctor(checks, never)) order.push(`tells ${message}`)
    expect(order).toEqual(['looks at first', 'tells first', 'looks at second', 'tells second'])
  })

  test('goes on after a check that throws, and says its reason with the next step', async () => {
    const thrown = new GatewayError('egress_rejected', 'x', { reason: 'challenge', cause: 'HTTP 403' })
    const checks = [check(() => Promise.reject(thrown)), check(async () => fine('well'))]
    const found = await Array.fromAsync(runDoctor(checks, never))
    expect(found).toMatchObject([
      {
        status: 'fail',
        reason: 'challenge',
        message: expect.stringContaining('HTTP 403'),
        nextStep: expect.any(String),
      },
      { status: 'ok' },
    ])
    expect(isWell(found)).toBe(false)
  })

  test('gives up a check that does not listen to its time', async () => {
    const checks = [check(() => new Promise(() => undefined), 0.02), check(async () => fine('well'))]
    const found = await Array.fromAsync(runDoctor(checks, never))
    expect(found.map(({ status }) => status)).toEqual(['fail', 'ok'])
    expect(found[0]?.message).toContain('0.02 seconds')
  })

  test('names what a check looks at that throws or does not end', async () => {
    const subject = () => ({ input: 'the solver', setting: 'a.setting' })
    const checks = [
      { ...check(() => new Promise(() => undefined), 0.02), subject },
      { ...check(() => Promise.reject(new Error('x'))), subject },
    ]
    const found = await Array.fromAsync(runDoctor(checks, never))
    for (const finding of found)
      expect(finding).toMatchObject({ status: 'fail', input: 'the solver', setting: 'a.setting' })
  })

  test('ends with who asked', async () => {
    const leaving = new AbortController()
    const checks = [check(async () => fine('one')), check(async () => fine('two'))]
    const messages: string[] = []
    for await (const { message } of runDoctor(checks, leaving.signal)) {
      messages.push(message)
      leaving.abort()
    }
    expect(messages).toEqual(['one'])
  })

  test('warnings leave it well', () => {
    expect(
      isWell([
        { status: 'warn', message: '' },
        { status: 'skipped', message: '' },
      ]),
    ).toBe(true)
  })
})
