import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'
import { fileResponse } from './serve-file.ts'

const ROOT = '/public/'

/** The host of public files as a path (E14), spec/upstream-media.md §11 and §12: no cookies needed. */
export function publicFileRoutes(state: EmulatorState): Hono<ProductEnv> {
  const serve = (c: ProductContext, path: string): Response => {
    state.generations.settle()
    const file = state.publicFiles.find(path)
    return file === undefined
      ? serviceError(404, 5, 'File not found')
      : fileResponse(file, c.req.header('range'))
  }
  return (
    new Hono<ProductEnv>()
      .get(`${ROOT}*`, (c) => serve(c, c.req.path.slice(ROOT.length)))
      // For a gateway whose public host is this emulator itself.
      .get('/imagine-public/*', (c) => serve(c, c.req.path.slice(1)))
  )
}
