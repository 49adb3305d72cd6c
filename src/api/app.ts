import { OpenAPIHono } from '@hono/zod-openapi'
import type { Deps } from './deps.ts'
import { runRoutes } from './routes/runs.ts'
import { refuseInvalid } from './validation.ts'

/**
 * The API. The same for both hosts; does nothing until asked.
 */
export function createApp(deps: Deps) {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  app.route('/', runRoutes(deps))
  return app
}
