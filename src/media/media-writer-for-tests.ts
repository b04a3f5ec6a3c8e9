import { KeptIndex } from './kept-index.ts'
import { PNG, silentLog } from './media-for-tests.ts'
import { MediaFiles } from './media-files.ts'
import { MediaStore } from './media-store.ts'

/** For tests: a process that keeps many pictures beside others, below a limit that makes all of them drop some. */
const FILES = 150
const LIMIT_BYTES = 100_000
const [dataDir = '', name = ''] = process.argv.slice(2)

const index = new KeptIndex(dataDir, {
  ...silentLog,
  warn: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
})
const store = new MediaStore({
  files: new MediaFiles(dataDir),
  index,
  limits: () => ({ image: LIMIT_BYTES, video: 0 }),
  idKey: Buffer.from(name),
  clock: Date.now,
  log: {
    ...silentLog,
    warn: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  },
})
const bytes = Buffer.concat([PNG.subarray(0, -12), Buffer.alloc(2_000), PNG.subarray(-12)])
for (let n = 0; n < FILES; n++) await store.keep('image', store.idOf(String(n)), () => [bytes])
index.close()
