import { inspect } from 'node:util'
import type { Hook } from '@hono/zod-openapi'
import type { Env } from 'hono'
import type { z } from 'zod'
import { Problem, shorten } from './errors.ts'

/**
 * Turns a Zod error about a request into a refusal that names the field and repeats the value. It is the app's
 * `defaultHook`, so it applies to every route made with `createRoute`.
 * @throws Problem VALIDATION_FAILED
 */
// biome-ignore lint/suspicious/noExplicitAny: the type of OpenAPIHono's own `defaultHook`
export const refuseInvalid: Hook<any, Env, any, any> = (result) => {
  if (result.success) return
  // Hono's validator passes the input too, which the hook's type does not say.
  throw refusalOf(result.error, 'data' in result ? result.data : undefined)
}

/** The refusal of an input with this error: Problem VALIDATION_FAILED. */
export function refusalOf({ issues: [issue] }: z.core.$ZodError, input: unknown): Problem {
  if (issue === undefined) throw new Error('Zod refused a request without an issue')
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
  // `inspect`, because JSON.stringify overflows the stack on a deeply nested body.
  const scalar =
    typeof value === 'object' && value !== null ? inspect(value, { depth: 1, breakLength: Infinity }) : value
  return typeof scalar === 'string' ? shorten(scalar) : scalar
}
