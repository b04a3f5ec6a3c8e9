import { Database } from 'bun:sqlite'
import type { V2Source } from './v2-source.ts'

const BATCH_SIZE = 1000

/** The SQLite file of version 2 (spec/control-plane.md §3.2), opened for reading only. */
export function openV2Sqlite(path: string): V2Source {
  const file = new Database(path, { readonly: true })
  return {
    rows: async function* () {
      const query = file.query('select rowid as _row, * from accounts where rowid > ? order by rowid limit ?')
      let last = 0
      for (;;) {
        const batch = query.all(last, BATCH_SIZE)
        if (batch.length === 0) return
        yield batch
        last = Number(Reflect.get(Object(batch.at(-1)), '_row'))
      }
    },
    close: async () => file.close(),
  }
}
