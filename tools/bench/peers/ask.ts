import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer, Running } from './peer.ts'
import type { Page, Question } from './questions.ts'

type Asked = Pick<Peer, 'name' | 'questions'>

const POLL_MS = 2

type Answer = { status: number; json: unknown }

/** @throws if there is no answer. */
export async function ask(url: string, { path, body }: Question): Promise<Answer> {
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: body ?? null }
  const response = await fetch(`${url}${path}`, body === undefined ? {} : post)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, json: isJson ? JSON.parse(text) : undefined }
}

/** @returns undefined while the API does not listen. */
async function tryToAsk(url: string, question: Question): Promise<Answer | undefined> {
  try {
    return await ask(url, question)
  } catch (error) {
    // `fetch` throws this without a connection. Callers ask again, up to a limit.
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** @returns the list, or undefined without one. */
export async function askPage({ questions }: Asked, url: string, query: string, n: number): Promise<Page | undefined> {
  const answer = await tryToAsk(url, questions.list(query, n))
  return answer?.status === 200 ? questions.page(answer.json) : undefined
}

/** Whether the API says that there is no such run. */
async function isMissing({ questions }: Asked, url: string, id: number): Promise<boolean> {
  const answer = await tryToAsk(url, questions.run(id))
  if (answer?.status === 404) return true
  return answer?.status === 200 && questions.state(answer.json) === undefined
}

async function isApproved({ questions }: Asked, url: string, id: number): Promise<boolean> {
  const answer = await tryToAsk(url, questions.run(id))
  return answer?.status === 200 && questions.state(answer.json) === 'APPROVED'
}

/** Asks for the run until it is answered as approved. @returns the time. @throws after `limitMs`. */
export async function approved(
  peer: Asked,
  { url, indexer }: Pick<Running, 'url' | 'indexer'>,
  id: number,
  limitMs = 120_000,
  pollMs = POLL_MS,
): Promise<number> {
  let end: string | undefined
  indexer.ended.then((how) => {
    end = how
  })
  for (const limit = performance.now() + limitMs; performance.now() < limit; await sleep(pollMs)) {
    if (await isApproved(peer, url, id)) return performance.now()
    if (end !== undefined) throw indexer.failure(end)
  }
  throw indexer.failure(`does not show run ${id} as approved within ${limitMs} ms`)
}

/** Asks for the run until it is answered as missing. @returns the time; undefined after `limitMs`. */
export async function missing(peer: Asked, { url }: Running, id: number, limitMs: number): Promise<number | undefined> {
  for (const limit = performance.now() + limitMs; performance.now() < limit; await sleep(POLL_MS)) {
    if (await isMissing(peer, url, id)) return performance.now()
  }
  return undefined
}
