import { renderErrorDocs } from './error-docs.ts'

await Bun.write(new URL('../../docs/errors.md', import.meta.url), renderErrorDocs())
