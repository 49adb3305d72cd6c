import type { OpenAPIHono } from '@hono/zod-openapi'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

type Operation = { responses: Record<string, { content?: Record<string, unknown> }> }

/** Reads the app's OpenAPI description. @returns a function that says how an answer departs from it, if it does. */
export async function openapiCheck(app: OpenAPIHono) {
  const response = await app.request('/openapi.json')
  const description = (await response.json()) as { paths: Record<string, Record<string, Operation>> }
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema({ ...description, $id: 'openapi' })

  const routes = Object.keys(description.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))

  return (method: string, pathname: string, answer: { status: number; contentType: string; body: unknown }) => {
    const path = routes.find(({ pattern }) => pattern.test(pathname))?.path
    if (path === undefined) return `${pathname} is not described`
    const content = description.paths[path]?.[method]?.responses[answer.status]?.content ?? {}
    const mediaType = answer.contentType.split(';')[0] ?? ''
    if (!(mediaType in content)) return `${method} ${path} does not describe ${answer.status} ${mediaType}`
    const pointer = ['paths', path, method, 'responses', String(answer.status), 'content', mediaType, 'schema']
    const escaped = pointer.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
    const validate = ajv.compile({ $ref: `openapi#/${escaped.join('/')}` })
    return validate(answer.body) ? undefined : ajv.errorsText(validate.errors)
  }
}
