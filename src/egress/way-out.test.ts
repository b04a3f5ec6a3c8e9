import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import { chooseWayOut, type EgressSettings } from './way-out.ts'

const PROXY = 'http://user:secret-word@proxy.example:8080'

function failureOf(settings: EgressSettings): GatewayError {
  try {
    chooseWayOut(settings)
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('a way out was chosen')
}

describe('the way out', () => {
  test('is direct when the mode says so, even if a proxy is set', () => {
    expect(chooseWayOut({ mode: 'direct', proxyUrl: PROXY })).toEqual({ id: 'direct' })
  })

  test('is the proxy, named without its password', () => {
    const wayOut = chooseWayOut({ mode: 'single_proxy', proxyUrl: PROXY })
    expect(wayOut).toEqual({ id: 'proxy proxy.example:8080', proxyUrl: PROXY })
  })

  test.each([
    ['no address', { mode: 'single_proxy', proxyUrl: '' }, 'is empty'],
    ['no URL', { mode: 'single_proxy', proxyUrl: 'proxy secret-word' }, 'is not a URL'],
    ['another scheme', { mode: 'single_proxy', proxyUrl: 'socks5://u:secret-word@h:1' }, 'socks5:'],
    ['a pool', { mode: 'proxy_pool', proxyUrl: PROXY }, 'proxy_pool is not supported'],
  ] as const)('is an error, never a silent direct connection, with %s', (_, settings, cause) => {
    const failure = failureOf(settings)
    expect(failure.code).toBe('unavailable')
    expect(String(failure.cause)).toContain(cause)
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('secret-word')
  })
})
