import { describeAccountStore } from './account-store-contract.ts'
import { createMemoryAccountStore } from './memory.ts'

describeAccountStore('the store in memory', async () => createMemoryAccountStore())
