import { describe, expect, test } from 'bun:test'
import { dirname, join, normalize, relative } from 'node:path'
import { Glob } from 'bun'

const root = join(import.meta.dir, '..')

/** What each folder of `src/` may import beside itself: the arrows of the house, and no others. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  util: [],
  core: ['util'],
  config: ['core', 'util'],
  store: ['core', 'util'],
  accounts: ['store', 'core', 'util'],
  egress: ['store', 'core', 'util'],
  upstream: ['store', 'core', 'util'],
  media: ['store', 'core', 'util'],
  gateway: ['accounts', 'egress', 'upstream', 'media', 'store', 'core', 'util'],
  api: ['gateway', 'config', 'core', 'util'],
  'app-settings': ['gateway', 'config', 'accounts', 'egress', 'upstream', 'media', 'core'],
  'app-loops': ['gateway', 'config', 'accounts', 'store', 'util'],
  'app-videos': ['app-settings', 'gateway', 'config', 'upstream', 'store', 'core', 'util'],
  'app-media': ['app-settings', 'gateway', 'config', 'media', 'upstream', 'core', 'util'],
  'app-clearance': ['app-settings', 'config', 'egress', 'upstream', 'store', 'core', 'util'],
  'app-egress': ['app-settings', 'config', 'egress', 'upstream', 'util'],
  'app-upstream': [
    'app-clearance',
    'app-egress',
    'app-settings',
    'config',
    'accounts',
    'egress',
    'upstream',
    'util',
  ],
  'app-doctor-settings': ['gateway', 'config'],
  'app-doctor': [
    'app-clearance',
    'app-doctor-settings',
    'app-egress',
    'app-settings',
    'api',
    'gateway',
    'config',
    'egress',
    'upstream',
    'store',
    'core',
    'util',
  ],
  app: [
    'app-clearance',
    'app-doctor',
    'app-egress',
    'app-loops',
    'app-media',
    'app-upstream',
    'app-videos',
    'app-settings',
    'api',
    'gateway',
    'config',
    'accounts',
    'egress',
    'upstream',
    'media',
    'store',
    'core',
    'util',
  ],
  cli: ['app', 'app-doctor', 'config', 'accounts', 'store', 'core', 'util'],
  main: ['cli', 'config', 'util'],
}

/** Folders inside `api` that must not know one another: each is a dialect. */
const dialects = ['api/openai', 'api/anthropic']

/** Modules that reach outside the process; `core` decides, others act. */
const ioModules = /^(?:node:(?!util$)|bun(?::|$))/

interface Import {
  readonly from: string
  /** A path from the root, or the name of a package. */
  readonly to: string
}

const transpiler = new Bun.Transpiler({ loader: 'ts' })

async function readImports(pattern: string): Promise<Import[]> {
  const imports: Import[] = []
  for await (const path of new Glob(pattern).scan({ cwd: root })) {
    const source = await Bun.file(join(root, path)).text()
    // type-only imports vanish in the transpiler's view, but tie files together all the same
    const specifiers = source.matchAll(/(?:^|\n)(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]/g)
    const dynamic = transpiler.scanImports(source).map((found) => found.path)
    const all = new Set([...Array.from(specifiers, (match) => match[1] ?? ''), ...dynamic])
    for (const specifier of all) imports.push({ from: path, to: resolve(path, specifier) })
  }
  return imports
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier
}

/** The room of a path in `src/`: its folder, or the file's own name at the top. */
function room(path: string): string {
  const [first = ''] = relative('src', path).split('/')
  return first.replace(/\.ts$/, '')
}

/** The admin API also reads and steers what the use cases stand on. */
const adminArrows = new Set(['accounts', 'egress', 'media', 'store'])

function isAllowed({ from, to }: Import): boolean {
  const own = room(from)
  const target = room(to)
  if (own === target || arrows[own]?.includes(target)) return true
  return from.startsWith('src/api/admin/') && adminArrows.has(target)
}

const describeImport = ({ from, to }: Import): string => `${from} -> ${to}`
const isTest = ({ from }: Import): boolean => from.endsWith('.test.ts')

const sources = (await readImports('src/**/*.ts')).filter((found) => !isTest(found))
const inside = sources.filter(({ to }) => to.startsWith('src/'))

describe('the house', () => {
  test('was read: there are imports to judge', () => {
    expect(inside.length).toBeGreaterThan(100)
  })

  test('every folder of src has its arrows written down', () => {
    expect(inside.map(({ from }) => room(from)).filter((name) => !(name in arrows))).toEqual([])
  })

  test('imports follow the arrows', () => {
    expect(inside.filter((found) => !isAllowed(found)).map(describeImport)).toEqual([])
  })

  test('dialects do not know one another', () => {
    const wrong = inside.filter(({ from, to }) =>
      dialects.some((own) =>
        dialects.some((other) => own !== other && from.startsWith(own) && to.startsWith(other)),
      ),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  test('core does no I/O, and gateway knows no HTTP framework', () => {
    const wrong = sources.filter(
      ({ from, to }) =>
        (from.startsWith('src/core/') && ioModules.test(to)) ||
        (from.startsWith('src/gateway/') && to.startsWith('hono')),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  test('files import nothing above src but the packages, and src and the emulator do not know one another', async () => {
    const emulator = await readImports('emulator/**/*.ts')
    const wrong = [
      ...sources.filter(
        ({ to }) => to.startsWith('emulator') || to.startsWith('test') || to.startsWith('bench'),
      ),
      ...emulator.filter(({ to }) => to.startsWith('src')),
    ]
    expect(wrong.map(describeImport)).toEqual([])
  })

  test('only the upstream folder names the wire of the service', async () => {
    const wrong: string[] = []
    for await (const path of new Glob('src/**/*.ts').scan({ cwd: root })) {
      const source = await Bun.file(join(root, path)).text()
      if (!path.startsWith('src/upstream/') && source.includes('/rest/app-chat')) wrong.push(path)
    }
    expect(wrong).toEqual([])
  })

  test('no lint rule is switched off without a reason in the line', async () => {
    const wrong: string[] = []
    for await (const path of new Glob('{src,emulator,test,bench}/**/*.ts').scan({ cwd: root })) {
      const lines = (await Bun.file(join(root, path)).text()).split('\n')
      const isBare = (line: string): boolean =>
        /(?:ox|es)lint-disable|@ts-(?:ignore|expect-error)/.test(line) && !line.includes('--')
      lines.forEach((line, index) => {
        if (isBare(line) && path !== 'test/architecture.test.ts') wrong.push(`${path}:${index + 1}`)
      })
    }
    expect(wrong).toEqual([])
  })
})
