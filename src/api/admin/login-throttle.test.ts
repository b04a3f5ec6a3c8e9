import { describe, expect, test } from 'bun:test'
import {
  ADDRESS_BOUNDS,
  LoginThrottle,
  MAX_ADDRESSES,
  MEMORY_SECONDS,
  OVERALL_BOUNDS,
} from './login-throttle.ts'

function openThrottle() {
  const time = { now: 1_000_000 }
  return { time, throttle: new LoginThrottle(() => time.now) }
}

function failOften(throttle: LoginThrottle, address: string, times: number): void {
  for (let count = 0; count < times; count++) throttle.failed(address)
}

describe('one address', () => {
  test('has a few failures free, and then waits twice as long after each, up to a bound', () => {
    const { throttle } = openThrottle()
    failOften(throttle, '192.0.2.1', ADDRESS_BOUNDS.failures - 1)
    expect(throttle.waitSeconds('192.0.2.1')).toBe(0)
    const waits = Array.from({ length: 9 }, () => {
      throttle.failed('192.0.2.1')
      return throttle.waitSeconds('192.0.2.1')
    })
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
  })

  test('may try again when its wait is over, and its count goes on', () => {
    const { throttle, time } = openThrottle()
    failOften(throttle, '192.0.2.1', ADDRESS_BOUNDS.failures)
    time.now += 30_000
    expect(throttle.waitSeconds('192.0.2.1')).toBe(0)
    throttle.failed('192.0.2.1')
    expect(throttle.waitSeconds('192.0.2.1')).toBe(60)
  })

  test('is forgiven after a quiet time, and at once by the right password', () => {
    const { throttle, time } = openThrottle()
    failOften(throttle, '192.0.2.1', ADDRESS_BOUNDS.failures - 1)
    time.now += MEMORY_SECONDS * 1000
    throttle.failed('192.0.2.1')
    expect(throttle.waitSeconds('192.0.2.1')).toBe(0)
    failOften(throttle, '192.0.2.2', ADDRESS_BOUNDS.failures - 1)
    throttle.succeeded('192.0.2.2')
    throttle.failed('192.0.2.2')
    expect(throttle.waitSeconds('192.0.2.2')).toBe(0)
  })

  test('does not slow down another', () => {
    const { throttle } = openThrottle()
    failOften(throttle, '192.0.2.1', 20)
    expect(throttle.waitSeconds('192.0.2.2')).toBe(0)
  })
})

test.each([
  ['an IPv4 address and its IPv6 spelling', '192.0.2.1', '::ffff:192.0.2.1', true],
  ['two addresses of one IPv6 network', '2001:db8:1:2::1', '2001:db8:1:2:ffff::2', true],
  ['two IPv6 networks', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['the loopback and a network', '::1', '2001:db8::1', false],
  ['two IPv4 addresses', '192.0.2.1', '192.0.2.2', false],
])('%s count as one: %s, %s, %p', (_title, one, other, isSame) => {
  const { throttle } = openThrottle()
  failOften(throttle, one, ADDRESS_BOUNDS.failures)
  expect(throttle.waitSeconds(other) > 0).toBe(isSame)
})

describe('many addresses', () => {
  test('together wait too, but for an address that has shown the password', () => {
    const { throttle } = openThrottle()
    throttle.succeeded('203.0.113.1')
    for (let count = 0; count < OVERALL_BOUNDS.failures + 3; count++) throttle.failed(`198.51.100.${count}`)
    expect(throttle.waitSeconds('203.0.113.2')).toBe(8)
    expect(throttle.waitSeconds('203.0.113.1')).toBe(0)
  })

  test('make everybody wait for a minute at most', () => {
    const { throttle } = openThrottle()
    for (let count = 0; count < 1000; count++) throttle.failed(`10.0.${count % 250}.${count}`)
    expect(throttle.waitSeconds('203.0.113.2')).toBe(OVERALL_BOUNDS.longestWaitSeconds)
  })

  test('fill a table of bounded size: those that failed longest ago are forgotten', () => {
    const { throttle, time } = openThrottle()
    failOften(throttle, 'first', ADDRESS_BOUNDS.failures)
    for (let count = 0; count < MAX_ADDRESSES; count++) throttle.failed(`address-${count}`)
    time.now += OVERALL_BOUNDS.longestWaitSeconds * 1000
    failOften(throttle, 'first', 1)
    time.now += OVERALL_BOUNDS.longestWaitSeconds * 1000
    expect(throttle.waitSeconds('first')).toBe(0)
  })
})
