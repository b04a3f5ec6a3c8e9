const STEP_MS = 10

/** Waits until the value satisfies the condition; throws with the last value after `withinMs`. */
export async function eventually<Value>(
  read: () => Promise<Value> | Value,
  condition: (value: Value) => boolean,
  withinMs = 5000,
): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await read()
    if (condition(value)) return value
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ${withinMs} ms`)
    await Bun.sleep(STEP_MS)
  }
}
