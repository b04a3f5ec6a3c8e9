import { describe, expect, test } from 'bun:test'
import { createResponseArchive } from '../../../gateway/response-archive.ts'
import { createMemoryStores } from '../../../store/memory.ts'
import { loadHistory, PreviousResponseNotFoundError, resolveReferences } from './history.ts'
import { newResponseId, outputItemId } from './item-ids.ts'
import { encodeDocument } from './response-document.ts'

const DAY_MS = 86_400_000

function createShelf() {
  let now = 1_000
  const archive = createResponseArchive(
    createMemoryStores().responses,
    () => now,
    () => 2,
  )
  const keep = async (text: string, previousId: string | null, owner = 'me'): Promise<string> => {
    const id = newResponseId()
    const output = [{ type: 'message', id: outputItemId('message', id, 0), role: 'assistant', content: text }]
    const document = encodeDocument({
      response: { id, output },
      input: [{ type: 'message', id: `msg_${text}`, role: 'user', content: `${text}?` }],
    })
    await archive.keep({ id, owner, previousId, accountId: 7, document })
    return id
  }
  return { shelf: { archive, owner: 'me' }, keep, pass: (ms: number) => (now += ms) }
}

const textsOf = (items: readonly object[]) => items.map((item) => 'content' in item && item.content)

describe('the turns before a request', () => {
  test('come oldest first, what was asked before what was answered, with the last account', async () => {
    const { shelf, keep } = createShelf()
    const last = await keep('b', await keep('a', null))
    const history = await loadHistory(shelf, last)
    expect(textsOf(history.items)).toEqual(['a?', 'a', 'b?', 'b'])
    expect(history.accountId).toBe(7)
  })

  test('are none for a request that goes on from nothing', async () => {
    expect((await loadHistory(createShelf().shelf, null)).items).toEqual([])
  })

  test('are not there for another key, after their time, or when one of them was deleted', async () => {
    const { shelf, keep, pass } = createShelf()
    const foreign = await keep('a', null, 'somebody else')
    await expect(loadHistory(shelf, foreign)).rejects.toBeInstanceOf(PreviousResponseNotFoundError)
    const first = await keep('a', null)
    const second = await keep('b', first)
    await shelf.archive.remove(first, 'me')
    await expect(loadHistory(shelf, second)).rejects.toThrow(`'${first}' not found`)
    const third = await keep('c', null)
    pass(2 * DAY_MS)
    await expect(loadHistory(shelf, third)).rejects.toBeInstanceOf(PreviousResponseNotFoundError)
  })

  test('are refused beyond 512, in a ring too', async () => {
    const { shelf, keep } = createShelf()
    let id: string | null = null
    for (let turn = 0; turn < 513; turn++) id = await keep('x', id)
    await expect(loadHistory(shelf, id)).rejects.toMatchObject({ param: 'previous_response_id' })
  })
})

describe('a reference to an item', () => {
  test('is replaced by the kept item', async () => {
    const { shelf, keep } = createShelf()
    const id = outputItemId('message', await keep('a', null), 0)
    const items = await resolveReferences([{ type: 'item_reference', id }, { type: 'message' }], shelf)
    expect(items).toMatchObject([{ id, content: 'a' }, { type: 'message' }])
  })

  test.each(['msg_1', 'msg_' + '0'.repeat(36), undefined])(
    'is refused by name when %s is not there',
    async (id) => {
      const refused = resolveReferences([{ type: 'item_reference', id }], createShelf().shelf)
      await expect(refused).rejects.toMatchObject({ code: 'invalid_request', param: 'input.0.id' })
    },
  )
})
