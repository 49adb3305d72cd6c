import { inspect } from 'node:util'
import type { Hook } from '@hono/zod-openapi'
import type { Env } from 'hono'
import type { z } from 'zod'
import { Problem } from './errors.ts'

/** In characters. A refused value is shown to the sender, but not 32 kB of it. */
const MAX_SHOWN = 120

/**
 * Turns what Zod says about a request into a refusal that names the field and shows the value. The app's `defaultHook`,
 * so that it serves every route made with `createRoute`.
 * @throws Problem VALIDATION_FAILED
 */
// biome-ignore lint/suspicious/noExplicitAny: the type of OpenAPIHono's own `defaultHook`
export const refuseInvalid: Hook<any, Env, any, any> = (result) => {
  if (result.success) return
  const [issue] = result.error.issues
  if (issue === undefined) throw new Error('Zod refused a request without saying why')
  // Hono's validator passes the input along, though the hook's type does not say so.
  throw invalid(issue, 'data' in result ? result.data : undefined)
}

function invalid(issue: z.core.$ZodIssue, input: unknown): Problem {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
  const field = path.join('.') || 'body'
  const value = shown(path.reduce(memberOf, input))
  const extensions = { field, value: value ?? null }
  return new Problem('VALIDATION_FAILED', `${field}: ${complaint(issue, value)}.`, { extensions })
}

function complaint(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'unrecognized_keys') return 'is not known here'
  return value === undefined ? 'is missing' : `${issue.message}, got ${JSON.stringify(value)}`
}

function memberOf(container: unknown, key: PropertyKey): unknown {
  return typeof container === 'object' && container !== null ? Reflect.get(container, key) : undefined
}

function shown(value: unknown): unknown {
  // Not as JSON: a body can nest deeper than JSON.stringify can follow.
  const scalar =
    typeof value === 'object' && value !== null ? inspect(value, { depth: 1, breakLength: Infinity }) : value
  return typeof scalar === 'string' && scalar.length > MAX_SHOWN ? `${scalar.slice(0, MAX_SHOWN)}…` : scalar
}
