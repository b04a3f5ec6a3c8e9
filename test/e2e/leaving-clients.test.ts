import { expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('clients that leave', (protocol) => {
  const STREAMS = 200

  /** The same times in every run, spread over the life of a stream. */
  function abortAfterMs(index: number): number {
    return (index * 37) % 400
  }

  test('200 clients that leave at any moment free their accounts, blame nobody and close every upstream stream', async () => {
    const accounts = Array.from({ length: 40 }, (_, index) => ({
      token: `token-${index}`,
      tier: 'heavy' as const,
    }))
    const gateway = await protocol.start({ accounts })
    await gateway.emulator.setBehaviour({ paceMilliseconds: 5 })
    const body = { model: 'grok-4.20-fast', messages: [{ role: 'user', content: '[[tokens:400]]' }] }
    const leave = async (index: number): Promise<void> => {
      const abort = new AbortController()
      const timer = setTimeout(() => abort.abort(), abortAfterMs(index))
      const stream = index % 2 === 0
      try {
        const response = await gateway.post(
          '/v1/chat/completions',
          { ...body, stream },
          { signal: abort.signal },
        )
        await response.text()
      } catch (error) {
        if (!abort.signal.aborted) throw error
      } finally {
        clearTimeout(timer)
      }
    }
    await Promise.all(Array.from({ length: STREAMS }, (_, index) => leave(index)))
    const leftAt = performance.now()
    await eventually(
      async () => (await gateway.emulator.counters()).openStreams,
      (open) => open === 0,
      1000,
    )
    expect(performance.now() - leftAt).toBeLessThan(1000)
    expect(
      await eventually(
        () => gateway.inFlight(),
        (inFlight) => inFlight === 0,
      ),
    ).toBe(0)
    const requests = await protocol.calls(gateway)
    expect(requests.length).toBeGreaterThan(STREAMS / 2)
    expect(new Set(requests.map(({ outcome }) => outcome))).toEqual(new Set(['client-closed']))
    const stored = await gateway.stopAndReadAccounts()
    expect(
      stored.map(({ state, health, failureCount, streak }) => ({ state, health, failureCount, streak })),
    ).toEqual(accounts.map(() => ({ state: { status: 'active' }, health: 1, failureCount: 0, streak: null })))
    await gateway.stop()
  })
})
