/** Epoch milliseconds; handed in wherever time decides something, so that tests can hold it still. */
export type Clock = () => number

/** The machine's clock. */
export const systemClock: Clock = () => Date.now()
