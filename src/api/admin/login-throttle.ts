import type { Clock } from '../../util/clock.ts'

interface Bounds {
  /** Failures that are free. */
  readonly failures: number
  /** The wait after the first failure that is not; it doubles with each further one. */
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
}

/** What one address may try. */
export const ADDRESS_BOUNDS: Bounds = { failures: 5, firstWaitSeconds: 30, longestWaitSeconds: 3600 }
/** What all addresses together may try, so that many of them do not help. */
export const OVERALL_BOUNDS: Bounds = { failures: 100, firstWaitSeconds: 1, longestWaitSeconds: 60 }
/** Failures are forgotten this long after the last one, or after the wait that it led to. */
export const MEMORY_SECONDS = 15 * 60
/** Addresses that are remembered at most; beyond, those whose last failure is longest ago are forgotten. */
export const MAX_ADDRESSES = 10_000

interface Failures {
  readonly count: number
  readonly blockedUntil: number
  readonly forgottenAt: number
}

const NONE: Failures = { count: 0, blockedUntil: 0, forgottenAt: 0 }

/**
 * Slows down who guesses the admin password, per address and overall. An address that has shown the password is let past
 * the overall bound: a flood of guesses from elsewhere does not lock the operator out. Counted per process.
 */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #byAddress = new Map<string, Failures>()
  readonly #proven = new Set<string>()
  #overall = NONE

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Seconds until this address may try again; 0: now. */
  waitSeconds(address: string): number {
    const key = toNetwork(address)
    const own = this.#byAddress.get(key) ?? NONE
    const until = this.#proven.has(key)
      ? own.blockedUntil
      : Math.max(own.blockedUntil, this.#overall.blockedUntil)
    return Math.max(0, Math.ceil((until - this.#clock()) / 1000))
  }

  /** Counts a wrong password. */
  failed(address: string): void {
    const key = toNetwork(address)
    const failures = countFailure(this.#byAddress.get(key) ?? NONE, ADDRESS_BOUNDS, this.#clock())
    keepNewest(this.#byAddress, key)
    this.#byAddress.set(key, failures)
    this.#overall = countFailure(this.#overall, OVERALL_BOUNDS, this.#clock())
  }

  /** Forgives an address that gave the right password. */
  succeeded(address: string): void {
    const key = toNetwork(address)
    this.#byAddress.delete(key)
    keepNewest(this.#proven, key)
    this.#proven.add(key)
  }
}

function countFailure(earlier: Failures, bounds: Bounds, now: number): Failures {
  const count = now < earlier.forgottenAt ? earlier.count + 1 : 1
  const waitSeconds =
    count < bounds.failures
      ? 0
      : Math.min(bounds.longestWaitSeconds, bounds.firstWaitSeconds * 2 ** (count - bounds.failures))
  const blockedUntil = now + waitSeconds * 1000
  return { count, blockedUntil, forgottenAt: blockedUntil + MEMORY_SECONDS * 1000 }
}

/** Takes the key out, so that it comes last again, and makes room for one more. */
function keepNewest(known: Map<string, unknown> | Set<string>, key: string): void {
  known.delete(key)
  const [oldest] = known.keys()
  if (known.size >= MAX_ADDRESSES && oldest !== undefined) known.delete(oldest)
}

/** The network that one person commands: an IPv4 address, or the first 64 bits of an IPv6 one. */
function toNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = address.split('::')
  if (!address.includes(':')) return address
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest]
  return `${all.slice(0, 4).join(':')}::/64`
}
