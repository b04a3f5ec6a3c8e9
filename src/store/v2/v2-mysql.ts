import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { V2SourceError, type V2Source } from './v2-source.ts'

const BATCH_SIZE = 1000

/** The MySQL or MariaDB tables of version 2 (spec/control-plane.md §3.3), in a transaction that may only read. */
export async function openV2Mysql(address: string): Promise<V2Source> {
  const connection = await open(address.replace(/^mariadb:/i, 'mysql:'))
  return {
    rows: async function* () {
      let last = ''
      for (;;) {
        const text = 'select * from accounts where binary token > ? order by binary token limit ?'
        const [rows] = await connection.query<RowDataPacket[]>(text, [last, BATCH_SIZE])
        if (rows.length === 0) return
        yield rows
        last = String(rows.at(-1)?.['token'])
      }
    },
    close: () => connection.end(),
  }
}

async function open(uri: string) {
  try {
    const connection = await createConnection({ uri, supportBigNumbers: true })
    await connection.query('start transaction with consistent snapshot, read only')
    return connection
  } catch (error) {
    throw new V2SourceError('the MySQL database cannot be opened', { cause: error })
  }
}
