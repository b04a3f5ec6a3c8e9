import { createLog, describeError } from '../../util/log.ts'
import type { SqlDatabase } from './database.ts'

/** Pause between two looks at the revision, where the engine cannot tell of changes by itself. */
const WATCH_PAUSE_MS = 1000

const log = createLog('store')

/** Looks at the revision again and again, and calls back when somebody else has taken one. */
export async function watchRevision(
  database: SqlDatabase,
  onChange: () => void,
): Promise<() => Promise<void>> {
  let seen = await readRevision(database)
  const look = async (): Promise<void> => {
    try {
      const revision = await readRevision(database)
      const isForeign = countOwn(database, seen, revision) < revision - seen
      seen = revision
      if (isForeign) onChange()
    } catch (error) {
      // whoever needs the store is told so there; this is only about hints
      log.debug('could not look for changes', { error: describeError(error) })
    }
  }
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const plan = (): void => {
    timer = setTimeout(() => {
      running = look().then(() => (timer === undefined ? undefined : plan()))
    }, WATCH_PAUSE_MS)
    timer.unref()
  }
  plan()
  return async () => {
    clearTimeout(timer)
    timer = undefined
    await running
  }
}

async function readRevision({ db }: SqlDatabase): Promise<number> {
  const row = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'revision')
    .executeTakeFirstOrThrow()
  return row.value
}

/** How many of the revisions after `seen` were taken here; forgets them. One not noted yet only causes a needless hint. */
function countOwn({ ownRevisions }: SqlDatabase, seen: number, revision: number): number {
  let count = 0
  for (const own of ownRevisions) {
    if (own > revision) continue
    if (own > seen) count++
    ownRevisions.delete(own)
  }
  return count
}
