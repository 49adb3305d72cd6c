import { z } from 'zod'

/** Longer than the API waits for a claim's block. */
const TIMEOUT_MS = 20_000

export type Api = ReturnType<typeof createApi>

/** The API at an origin. Every request throws what is wrong with its answer. */
export function createApi(origin: string) {
  async function request<Body>(path: string, schema: z.ZodType<Body>, init: RequestInit = {}): Promise<Body> {
    const what = `${init.method ?? 'GET'} ${path}`
    const response = await fetch(new URL(path, origin), { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${what} answers ${response.status}: ${text}`)
    const parsed = schema.safeParse(JSON.parse(text))
    if (!parsed.success) throw new Error(`${what} answers an unknown form:\n${z.prettifyError(parsed.error)}`)
    return parsed.data
  }

  return {
    get: <Body>(path: string, schema: z.ZodType<Body>) => request(path, schema),
    post: <Body>(path: string, body: object, schema: z.ZodType<Body>) =>
      request(path, schema, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}
