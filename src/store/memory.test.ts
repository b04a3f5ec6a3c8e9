import { createMemoryStores } from './memory.ts'
import { describeStores } from './stores-contract.ts'

describeStores('memory', async () => createMemoryStores())
