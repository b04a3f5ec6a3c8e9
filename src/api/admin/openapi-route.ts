import { z } from 'zod'
import { describeApi } from './openapi.ts'
import { adminRoute, noInput, type AdminRoute, type RouteFacts } from './route.ts'

/** The description of the other routes and of itself. */
export function openApiRoute(others: readonly RouteFacts[]): AdminRoute {
  const facts = {
    method: 'get',
    path: '/openapi.json',
    policy: 'admin',
    audit: 'none',
    summary: 'This document.',
    input: noInput,
    answer: z.record(z.string(), z.unknown()),
  } as const
  let document: ReturnType<typeof describeApi> | undefined
  return adminRoute({
    ...facts,
    handler: () => {
      document ??= describeApi([...others, facts])
      return document
    },
  })
}
