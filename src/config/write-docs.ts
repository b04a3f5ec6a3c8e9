import { renderDocs } from './render-docs.ts'
import { renderSample } from './render-sample.ts'

/** The generated files, by their path from the root of the repository. */
export const generatedFiles: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'docs/config.md', render: renderDocs },
  { path: 'config.defaults.toml', render: renderSample },
]

if (import.meta.main) {
  const root = new URL('../../', import.meta.url)
  for (const { path, render } of generatedFiles) await Bun.write(new URL(path, root), render())
}
