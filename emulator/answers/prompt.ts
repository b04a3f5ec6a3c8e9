/** What the flattened prompt says, spec/upstream-chat.md §4: only its last user turn steers the emulator. */
export interface PromptTail {
  /** The last user turn; several blocks in a row are joined by a blank line. */
  readonly lastUserText: string
  /** The last tool result after that turn, or null. */
  readonly toolResult: string | null
}

/** One labelled block of a prompt. */
export interface PromptBlock {
  readonly role: string
  readonly text: string
}

// Both layouts of §4: `[user]: text` and `[user]` + newline + text; `[tool result for id]:` too.
const BLOCK_START =
  /^\[(system|developer|user|assistant|function|tool(?: result(?: for [^\]\n]*)?)?)\](?:: ?|(?=\n|$))/gm

/** Reads the tail of a prompt; a prompt without blocks is one user turn. */
export function parsePromptTail(message: string): PromptTail {
  const blocks = parseBlocks(message)
  const lastUser = blocks.findLastIndex((block) => block.role === 'user')
  if (lastUser === -1) return { lastUserText: blocks.length === 0 ? message.trim() : '', toolResult: null }
  let firstUser = lastUser
  while (firstUser > 0 && blocks[firstUser - 1]?.role === 'user') firstUser -= 1
  const lastUserText = blocks
    .slice(firstUser, lastUser + 1)
    .map((block) => block.text)
    .join('\n\n')
  const toolResult = blocks.slice(lastUser + 1).findLast((block) => block.role.startsWith('tool'))
  return { lastUserText, toolResult: toolResult?.text ?? null }
}

/** The blocks of a prompt, in order. */
export function parseBlocks(message: string): readonly PromptBlock[] {
  const starts = [...message.matchAll(BLOCK_START)]
  return starts.map((start, index) => {
    const from = start.index + start[0].length
    const to = starts[index + 1]?.index ?? message.length
    return { role: start[1] ?? '', text: message.slice(from, to).trim() }
  })
}
