/** How long the index may take to follow the chain on a busy machine. */
const INDEX_TIMEOUT_MS = 60_000

export type Json = Record<string, unknown>

/** The API as a client sees it. */
export type Api = { url: string }

/** One answer: its status, its body, with `page` alone if it is a page of the board, and the block that its headers name. */
export type Answer = { status: number; body: Json; block: string | null; hash: string | null }

export async function request(api: Api, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${api.url}${path}`, { ...init, signal: AbortSignal.timeout(30_000) })
  const isJson = response.headers.get('Content-Type')?.includes('json')
  return {
    status: response.status,
    body: isJson ? ((await response.json()) as Json) : { page: await response.text() },
    block: response.headers.get('X-Indexed-Block'),
    hash: response.headers.get('X-Indexed-Hash'),
  }
}

/** Waits until the API answers of the block. @throws if that takes too long. */
export async function untilIndexed(api: Api, block: bigint): Promise<void> {
  for (const limit = Date.now() + INDEX_TIMEOUT_MS; ; ) {
    const { status, body } = await request(api, `/api/stats?minBlock=${block}`)
    if (status === 200) return
    if (Date.now() > limit) throw new Error(`The index has no block ${block}: ${JSON.stringify(body)}`)
  }
}
