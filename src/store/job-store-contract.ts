import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import type { Job, NewJob } from '../core/job.ts'
import type { JobStore, Stores } from './contract.ts'
import { rejectionOf } from './rejection-for-tests.ts'

/** For tests: a job that is not stored yet. */
export function newJobForTests(id: string, changes: Partial<NewJob> = {}): NewJob {
  return { id, kind: 'test.work', owner: 'tester', input: null, subjects: [], ...changes }
}

const KINDS = ['test.work']
const LEASE_MS = 1000
const lease = (holder: string, now = NOW) => ({ holder, until: now + LEASE_MS })

/** The promises of every job store; `open` gives an empty one. */
export function describeJobStore(name: string, open: () => Promise<Pick<Stores, 'jobs' | 'close'>>): void {
  describe(name, () => {
    let stores: Pick<Stores, 'jobs' | 'close'>
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())
    const jobs = (): JobStore => stores.jobs
    describe('creating jobs', () => testCreating(jobs))
    describe('claiming jobs', () => testClaiming(jobs))
    describe('working on jobs', () => testWorking(jobs))
    describe('ending jobs', () => testEnding(jobs))
    describe('listing jobs', () => testListing(jobs))
  })
}

function testCreating(jobs: () => JobStore): void {
  test('gives a job that waits, and its items', async () => {
    const input = { deep: [1, 'ü "quoted"', null, true] }
    const job = await jobs().create(newJobForTests('a', { input, subjects: [7, { name: 'x' }] }), NOW)
    expect(job).toEqual({
      id: 'a',
      kind: 'test.work',
      owner: 'tester',
      status: 'queued',
      input,
      output: null,
      counts: { total: 2, succeeded: 0, failed: 0 },
      cancelRequested: false,
      lease: null,
      createdAt: NOW,
      updatedAt: NOW,
      endedAt: null,
    })
    expect(await jobs().find('a')).toEqual(job)
    expect(await jobs().items('a', { fromIndex: 0, limit: 10 })).toEqual([
      { index: 0, subject: 7, status: 'pending', detail: null },
      { index: 1, subject: { name: 'x' }, status: 'pending', detail: null },
    ])
  })

  test('takes 12,000 items, which can be read page by page', async () => {
    const subjects = Array.from({ length: 12_000 }, (_, n) => n)
    await jobs().create(newJobForTests('a', { subjects }), NOW)
    const page = await jobs().items('a', { fromIndex: 11_990, limit: 100 })
    expect(page.map(({ subject }) => subject)).toEqual(subjects.slice(11_990))
  })

  test('refuses an id that is there already', async () => {
    await jobs().create(newJobForTests('a'), NOW)
    expect(await rejectionOf(jobs().create(newJobForTests('a'), NOW))).toBeInstanceOf(Error)
  })

  test('knows no other ids', async () => {
    expect(await jobs().find('a')).toBeUndefined()
    expect(await jobs().items('a', { fromIndex: 0, limit: 1 })).toEqual([])
    expect(await jobs().cancel('a', NOW)).toBeUndefined()
    expect(await jobs().beat('a', lease('me'), NOW)).toBeUndefined()
  })
}

function testClaiming(jobs: () => JobStore): void {
  test('takes the oldest of the kinds that waits, once', async () => {
    for (const id of ['z', 'a', 'm']) await jobs().create(newJobForTests(id), NOW)
    await jobs().create(newJobForTests('other', { kind: 'other' }), NOW)
    const claimed: (Job | undefined)[] = []
    for (let n = 0; n < 4; n++) claimed.push(await jobs().claim(KINDS, lease('me'), NOW))
    expect(claimed.map((job) => job?.id)).toEqual(['z', 'a', 'm', undefined])
    expect(claimed[0]).toMatchObject({ status: 'running', lease: lease('me'), updatedAt: NOW })
    expect(await jobs().claim([], lease('me'), NOW)).toBeUndefined()
  })

  test('by many at once gives each job to one', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `job ${n}`)
    for (const id of ids) await jobs().create(newJobForTests(id), NOW)
    const claims = Array.from({ length: 24 }, (_, n) => jobs().claim(KINDS, lease(`holder ${n}`), NOW))
    const taken = (await Promise.all(claims)).flatMap((job) => job?.id ?? [])
    expect(taken.sort()).toEqual(ids.sort())
  })

  test('takes over a job whose lease has run out, and not before', async () => {
    await jobs().create(newJobForTests('a'), NOW)
    await jobs().claim(KINDS, lease('first'), NOW)
    expect(await jobs().claim(KINDS, lease('second'), NOW + LEASE_MS - 1)).toBeUndefined()
    const taken = await jobs().claim(KINDS, lease('second', NOW + LEASE_MS), NOW + LEASE_MS)
    expect(taken?.lease).toEqual(lease('second', NOW + LEASE_MS))
  })
}

function testWorking(jobs: () => JobStore): void {
  test('a beat prolongs the lease, and shows that somebody wants the job to end', async () => {
    await jobs().create(newJobForTests('a'), NOW)
    await jobs().claim(KINDS, lease('me'), NOW)
    const later = NOW + LEASE_MS - 1
    expect(await jobs().beat('a', lease('me', later), later)).toMatchObject({
      lease: lease('me', later),
      cancelRequested: false,
    })
    expect(await jobs().claim(KINDS, lease('other', later), NOW + LEASE_MS)).toBeUndefined()
    await jobs().cancel('a', later)
    expect((await jobs().beat('a', lease('me', later), later))?.cancelRequested).toBe(true)
  })

  test('results are written and counted, each item once', async () => {
    await jobs().create(newJobForTests('a', { subjects: ['x', 'y', 'z'] }), NOW)
    await jobs().claim(KINDS, lease('me'), NOW)
    const first = { index: 2, succeeded: true, detail: { found: 1 } }
    const again = { index: 2, succeeded: false, detail: 'again' }
    const second = { index: 0, succeeded: false, detail: 'why' }
    expect(await jobs().record('a', 'me', [first, again, { ...first, index: 99 }], NOW + 1)).toBe(true)
    expect(await jobs().record('a', 'me', [second, again], NOW + 2)).toBe(true)
    expect(await jobs().record('a', 'me', [], NOW + 3)).toBe(true)
    expect((await jobs().find('a'))?.counts).toEqual({ total: 3, succeeded: 1, failed: 1 })
    expect(await jobs().items('a', { fromIndex: 0, limit: 9 })).toEqual([
      { index: 0, subject: 'x', status: 'failed', detail: 'why' },
      { index: 1, subject: 'y', status: 'pending', detail: null },
      { index: 2, subject: 'z', status: 'succeeded', detail: { found: 1 } },
    ])
    const left = await jobs().items('a', { fromIndex: 0, limit: 9, status: 'pending' })
    expect(left.map(({ index }) => index)).toEqual([1])
  })

  test('a holder that has lost its job is refused, whatever it writes', async () => {
    await jobs().create(newJobForTests('a', { subjects: ['x'] }), NOW)
    await jobs().claim(KINDS, lease('first'), NOW)
    await jobs().claim(KINDS, lease('second', NOW + LEASE_MS), NOW + LEASE_MS)
    const late = NOW + LEASE_MS + 1
    expect(await jobs().beat('a', lease('first', late), late)).toBeUndefined()
    const result = { index: 0, succeeded: true, detail: null }
    expect(await jobs().record('a', 'first', [result], late)).toBe(false)
    expect(await jobs().end('a', 'first', { status: 'completed', output: null }, late)).toBe(false)
    expect(await jobs().find('a')).toMatchObject({ status: 'running', counts: { succeeded: 0 } })
    expect(await jobs().record('a', 'second', [result], late)).toBe(true)
  })
}

function testEnding(jobs: () => JobStore): void {
  test('ends a job once, with what came of it', async () => {
    await jobs().create(newJobForTests('a'), NOW)
    await jobs().claim(KINDS, lease('me'), NOW)
    expect(await jobs().end('a', 'me', { status: 'failed', output: { why: 'x' } }, NOW + 5)).toBe(true)
    expect(await jobs().end('a', 'me', { status: 'completed', output: null }, NOW + 6)).toBe(false)
    expect(await jobs().find('a')).toMatchObject({
      status: 'failed',
      output: { why: 'x' },
      lease: null,
      endedAt: NOW + 5,
    })
    expect(await jobs().claim(KINDS, lease('me'), NOW + LEASE_MS * 9)).toBeUndefined()
  })

  test('cancelling ends a job that waits at once, asks one that runs, and leaves an ended one alone', async () => {
    await jobs().create(newJobForTests('waits'), NOW)
    expect(await jobs().cancel('waits', NOW + 1)).toMatchObject({ status: 'cancelled', endedAt: NOW + 1 })
    await jobs().create(newJobForTests('runs'), NOW)
    await jobs().claim(KINDS, lease('me'), NOW)
    expect(await jobs().cancel('runs', NOW + 1)).toMatchObject({ status: 'running', cancelRequested: true })
    await jobs().end('runs', 'me', { status: 'cancelled', output: null }, NOW + 2)
    const ended = await jobs().find('runs')
    expect(await jobs().cancel('runs', NOW + 3)).toEqual(ended)
    expect(await jobs().claim(KINDS, lease('me'), NOW + LEASE_MS * 9)).toBeUndefined()
  })

  test('pruning removes what ended before a time, with its items', async () => {
    for (const id of ['old', 'new', 'waits']) {
      await jobs().create(newJobForTests(id, { subjects: [1] }), NOW)
    }
    await jobs().cancel('old', NOW)
    await jobs().cancel('new', NOW + 1)
    expect(await jobs().prune({ endedBefore: NOW + 1 })).toBe(1)
    expect(await jobs().find('old')).toBeUndefined()
    expect(await jobs().items('old', { fromIndex: 0, limit: 1 })).toEqual([])
    expect(await jobs().items('new', { fromIndex: 0, limit: 1 })).toHaveLength(1)
    expect(await jobs().prune({ endedBefore: NOW + 99 })).toBe(1)
    expect(await jobs().find('waits')).toBeDefined()
  })

  test('takes one that has ended, but none that has not', async () => {
    for (const id of ['one', 'other']) await jobs().create(newJobForTests(id), NOW)
    await jobs().claim(KINDS, lease('me'), NOW)
    expect(await jobs().prune({ id: 'one' })).toBe(0)
    await jobs().end('one', 'me', { status: 'completed', output: null }, NOW)
    expect(await jobs().prune({ id: 'one' })).toBe(1)
    expect(await jobs().find('one')).toBeUndefined()
    expect(await jobs().prune({ id: 'one' })).toBe(0)
    expect(await jobs().find('other')).toBeDefined()
  })
}

function testListing(jobs: () => JobStore): void {
  test('is newest first, by kind, status and owner, and page by page', async () => {
    for (const id of ['1', '2', '3', '4']) {
      const kind = id === '2' ? 'other' : 'test.work'
      await jobs().create(newJobForTests(id, { kind, owner: Number(id) > 2 ? 'late' : 'early' }), NOW)
    }
    await jobs().claim(KINDS, lease('me'), NOW)
    const ids = async (filter: Omit<Parameters<JobStore['list']>[0], 'limit'>, limit = 10) =>
      (await jobs().list({ ...filter, limit })).map(({ id }) => id)
    expect(await ids({})).toEqual(['4', '3', '2', '1'])
    expect(await ids({}, 2)).toEqual(['4', '3'])
    expect(await ids({ beforeId: '3' })).toEqual(['2', '1'])
    expect(await ids({ beforeId: 'nobody' })).toEqual([])
    expect(await ids({ kinds: ['other'] })).toEqual(['2'])
    expect(await ids({ kinds: [] })).toEqual([])
    expect(await ids({ statuses: ['running'] })).toEqual(['1'])
    expect(await ids({ statuses: ['queued', 'running'], owner: 'early' })).toEqual(['2', '1'])
  })
}
