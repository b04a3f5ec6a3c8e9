import pg from 'pg'
import { V2SourceError, type V2Source } from './v2-source.ts'

const BATCH_SIZE = 1000

/** The PostgreSQL tables of version 2 (spec/control-plane.md §3.3), in a transaction that may only read. */
export async function openV2Postgres(address: string): Promise<V2Source> {
  const client = new pg.Client({ connectionString: address })
  try {
    await client.connect()
    await client.query('begin transaction isolation level repeatable read, read only')
  } catch (error) {
    throw new V2SourceError('the PostgreSQL database cannot be opened', { cause: error })
  }
  return {
    rows: async function* () {
      let last = ''
      for (;;) {
        const text = 'select * from accounts where token > $1 order by token limit $2'
        const { rows } = await client.query<{ token: string }>(text, [last, BATCH_SIZE])
        if (rows.length === 0) return
        yield rows
        last = rows.at(-1)?.token ?? ''
      }
    },
    close: () => client.end(),
  }
}
