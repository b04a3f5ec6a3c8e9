import { makePool } from './account-pool.ts'
import { PickLoop } from './pick-loop.ts'

/*
 * A process that only picks, so that the runtime's log of collections (`BUN_JSC_logGC`) tells what picking allocates:
 * no counter that a program can read does. Usage: bun bench/pick-allocations.ts <accounts> <warm-up> <picks>
 */

const [accounts = 0, warmUp = 0, picks = 0] = process.argv.slice(2).map(Number)
const loop = new PickLoop(makePool(accounts))
loop.run(warmUp)
console.error('picks begin')
loop.run(picks)
console.error('picks end')
