import { seededRandom, seedFrom } from '../state/random.ts'
import { withoutScenarioWords } from './scenario-words.ts'
import type { Turn } from './turn.ts'

const MAX_QUOTED_CHARACTERS = 120
const CJK = /[㐀-鿿]/

interface Phrases {
  readonly heading: string
  readonly openings: readonly string[]
  readonly points: readonly string[]
  readonly pointsHeading: string
  readonly exampleHeading: string
  readonly closings: readonly string[]
  readonly empty: string
}

const ENGLISH: Phrases = {
  heading: 'Answer',
  openings: ['Here is a short answer to', 'Let us look at', 'This is what I can say about'],
  points: [
    '**Start small.** One working step beats a grand plan.',
    '**Check the facts.** Numbers first, opinions later.',
    '**Keep it readable.** Others will read it more often than you write it.',
    '**Mind the edges:** empty input, very long input, and text such as 你好 or 🚀.',
    '**Measure.** What is not measured is guessed.',
  ],
  pointsHeading: 'What matters',
  exampleHeading: 'An example',
  closings: ['That is the core of it ✨', 'Ask for details where you need them 🙂', 'Good luck 🚀'],
  empty: 'your message',
}

const CHINESE: Phrases = {
  heading: '回答',
  openings: ['下面简要回答', '我们来看看', '关于这个问题，我可以说明的是'],
  points: [
    '**从小处开始。** 能运行的一步胜过宏大的计划。',
    '**核对事实。** 先看数据，再谈观点。',
    '**保持可读。** 代码被阅读的次数远多于被编写的次数。',
    '**注意边界情况：** 空输入、超长输入，以及 emoji 😀 之类的字符。',
    '**进行测量。** 没有测量的结论只是猜测。',
  ],
  pointsHeading: '要点',
  exampleHeading: '示例',
  closings: ['以上就是核心内容 ✨', '需要细节可以继续提问 🙂', '祝顺利 🚀'],
  empty: '你的消息',
}

/** A Markdown answer that refers to the prompt: heading, list, code block; the same prompt gives the same answer. */
export function markdownAnswer(turn: Turn): string {
  const asked = withoutScenarioWords(turn.lastUserText)
  const phrases = CJK.test(asked) ? CHINESE : ENGLISH
  const random = seededRandom(seedFrom(asked))
  const quoted = asked === '' ? phrases.empty : quote(asked)
  const points = pick(phrases.points, random, 3).map((point) => `- ${point}`)
  return [
    `## ${phrases.heading}`,
    `${pick(phrases.openings, random, 1).join('')} “${quoted}”.`,
    ...toolResultPart(turn),
    ...filesPart(turn),
    `### ${phrases.pointsHeading}`,
    points.join('\n'),
    `### ${phrases.exampleHeading}`,
    `\`\`\`ts\nconst question = ${JSON.stringify(quoted)}\nconsole.log(question.length) // ${quoted.length}\n\`\`\``,
    pick(phrases.closings, random, 1).join(''),
  ].join('\n\n')
}

function toolResultPart(turn: Turn): readonly string[] {
  return turn.toolResult === null ? [] : [`The tool returned: \`${quote(turn.toolResult)}\``]
}

function filesPart(turn: Turn): readonly string[] {
  if (turn.files.length === 0) return []
  const lines = turn.files.map(
    (file) => `- \`${file.fileName}\` (${file.contentType}, ${file.bytes.length} bytes)`,
  )
  return [`You attached:\n\n${lines.join('\n')}`]
}

function quote(text: string): string {
  const characters = Array.from(text.replaceAll(/\s+/g, ' '))
  if (characters.length <= MAX_QUOTED_CHARACTERS) return characters.join('')
  return `${characters.slice(0, MAX_QUOTED_CHARACTERS).join('')}…`
}

function pick(phrases: readonly string[], random: () => number, count: number): readonly string[] {
  const left = [...phrases]
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat()
}
