import type { Log } from '../util/log.ts'
import { KeptIndex } from './kept-index.ts'
import { PNG, silentLog } from './media-for-tests.ts'
import { MediaFiles } from './media-files.ts'
import { MediaStore } from './media-store.ts'

/** For tests: what the pictures of all writers together may take. */
export const WRITER_LIMIT_BYTES = 100_000

const PICTURES = 150
const PICTURE_BYTES = 2_000

// run as a process of its own: keeps many pictures beside others, below a limit that makes all of them drop some
if (import.meta.main) {
  const [dataDir = '', name = ''] = process.argv.slice(2)
  await keepMany(dataDir, name)
}

async function keepMany(dataDir: string, name: string): Promise<void> {
  const warn: Log['warn'] = (message, fields) => {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
  }
  const log = { ...silentLog, warn }
  const index = new KeptIndex(dataDir, log)
  const files = new MediaFiles(dataDir)
  const limits = () => ({ image: WRITER_LIMIT_BYTES, video: 0 })
  const store = new MediaStore({ files, index, limits, idKey: Buffer.from(name), clock: Date.now, log })
  const bytes = Buffer.concat([PNG.subarray(0, -12), Buffer.alloc(PICTURE_BYTES), PNG.subarray(-12)])
  for (let n = 0; n < PICTURES; n++) await store.keep('image', store.idOf(String(n)), () => [bytes])
  index.close()
}
