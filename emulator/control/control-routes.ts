import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { behaviourPatchSchema } from '../state/behaviour.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { faultRuleSchema } from '../state/faults.ts'
import { accountRoutes } from './account-routes.ts'
import { clockAdvanceSchema } from './control-schema.ts'
import { ControlError, parseBody } from './parse-body.ts'
import { requestRoutes } from './request-routes.ts'

/** The routes that steer and inspect the emulator; they are neither recorded nor hit by faults. */
export function controlRoutes(state: EmulatorState): Hono {
  return new Hono()
    .post('/reset', (c) => {
      state.reset()
      return c.body(null, 204)
    })
    .get('/behaviour', (c) => c.json(state.behaviour))
    .patch('/behaviour', async (c) => c.json(state.changeBehaviour(await parseBody(c, behaviourPatchSchema))))
    .get('/generations', (c) => {
      const views = state.generations
        .list()
        .map((one) => Object.assign({ state: state.generations.stateOf(one) }, one))
      return c.json({ generations: views })
    })
    .get('/clock', (c) => c.json({ now: state.clock.iso() }))
    .post('/clock/advance', async (c) => {
      const { seconds } = await parseBody(c, clockAdvanceSchema)
      state.clock.advance(seconds)
      return c.json({ now: state.clock.iso() })
    })
    .route('/', faultRoutes(state))
    .route('/', accountRoutes(state))
    .route('/', requestRoutes(state))
    .all('*', (c) => c.json({ error: 'no such control route' }, 404))
    .onError(answerError)
}

function faultRoutes(state: EmulatorState): Hono {
  return new Hono()
    .get('/faults', (c) => c.json({ faults: state.faults.list() }))
    .post('/faults', async (c) => c.json(state.faults.add(await parseBody(c, faultRuleSchema)), 201))
    .delete('/faults', (c) => {
      state.faults.clear()
      return c.body(null, 204)
    })
    .delete('/faults/:id', (c) => {
      if (!state.faults.remove(c.req.param('id'))) throw new ControlError(404, 'no such fault')
      return c.body(null, 204)
    })
}

function answerError(error: Error, c: Context): Response {
  if (error instanceof ControlError) return c.json({ error: error.message }, error.status)
  if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400)
  return c.json({ error: error.message }, 500)
}
