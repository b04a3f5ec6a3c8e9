import { describe, expect, test } from 'bun:test'
import type { AccountLease } from '../accounts/lease.ts'
import { GatewayError } from '../core/error.ts'
import type { Reason } from '../core/reason.ts'
import type { WayOut } from '../egress/way-out.ts'
import { WayOutRotation } from './way-out-rotation.ts'

const lease: AccountLease = {
  accountId: 7,
  mode: 'fast',
  credential: 'token',
  proxyUrl: null,
  markServed: () => {},
  report: () => {},
  [Symbol.asyncDispose]: async () => {},
}

function rotate(ways: readonly WayOut[], isAccountsFault = false): WayOutRotation {
  const parts = {
    chooseWayOut: ({ exclude }: { exclude?: ReadonlySet<string> }) =>
      ways.find(({ proxyUrl }) => proxyUrl === undefined || !exclude?.has(proxyUrl)),
    isAccountsFault: () => isAccountsFault,
  }
  return new WayOutRotation(parts, lease)
}

const proxies = ['a', 'b', 'c', 'd'].map((id) => ({ id, proxyUrl: `http://${id}:1` }))
const proxyFailure = new GatewayError('upstream_unavailable', '', { reason: 'proxy' })
const challenge = new GatewayError('egress_rejected', '', { reason: 'challenge', upstreamStatus: 403 })

describe('one account', () => {
  test('is tried over three proxies at most', () => {
    const ways = rotate(proxies)
    const taken = [ways.current.id]
    while (ways.turn(proxyFailure)) taken.push(ways.current.id)
    expect(taken).toEqual(['a', 'b', 'c'])
  })

  test('has no other way than the direct one', () => {
    const ways = rotate([{ id: 'direct' }])
    expect(ways.current.id).toBe('direct')
    expect(ways.turn(proxyFailure)).toBe(false)
    expect(ways.absolves(challenge)).toBe(false)
  })

  test.each<[string, GatewayError, boolean, boolean]>([
    ['a proxy that fails', proxyFailure, true, true],
    ['a challenge', challenge, true, true],
    ['a limit of the account', new GatewayError('rate_limited', ''), false, false],
    ['a dead login', new GatewayError('credential_invalid', ''), false, false],
    ['a failing server', new GatewayError('upstream_unavailable', '', { upstreamStatus: 500 }), false, false],
    ['an answer that breaks off', new GatewayError('upstream_unavailable', ''), false, true],
    ['silence', new GatewayError('upstream_timeout', ''), false, false],
  ])('and %s', (_, failure, turns, absolves) => {
    const ways = rotate(proxies)
    expect(ways.current.id).toBe('a')
    expect(ways.absolves(failure)).toBe(absolves)
    expect(ways.turn(failure)).toBe(turns)
  })

  test('that is refused on several ways is to blame', () => {
    const ways = rotate(proxies, true)
    expect(ways.current.id).toBe('a')
    expect(ways.absolves(challenge)).toBe(false)
  })

  test.each<Reason>(['proxy', 'tls'])('is never blamed for its proxy (%s)', (reason) => {
    const ways = rotate(proxies, true)
    expect(ways.current.id).toBe('a')
    expect(ways.absolves(new GatewayError('upstream_unavailable', '', { reason }))).toBe(true)
  })
})
