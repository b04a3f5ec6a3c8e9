import { renderReasonDocs } from './reason-docs.ts'

await Bun.write(new URL('../../docs/reasons.md', import.meta.url), renderReasonDocs())
