// Every answer that an e2e test gets by `fetch` from a described route must match /openapi.json, whatever the test asserts.
// A module of its own, because a worker's files share it, and `fetch` is to be replaced once.
import { departure, isDescribed } from './describedAnswers.ts'
import { FAULT_HEADER } from './faultyApi.ts'

const send = globalThis.fetch
const departures = new Set<string>()
const checks = new Set<Promise<void>>()

globalThis.fetch = async (input, init) => {
  const ofRequest = input instanceof Request ? input : undefined
  const method = init?.method ?? ofRequest?.method ?? 'GET'
  const response = await send(input, init)
  const url = ofRequest?.url ?? String(input)
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '')
  if (!isJson || !isDescribed(url) || response.headers.has(FAULT_HEADER)) return response
  const check = checkAnswer(method, url, response.clone())
  checks.add(check)
  void check.finally(() => checks.delete(check))
  return response
}

async function checkAnswer(method: string, url: string, response: Response) {
  // A test may abort a request while its answer arrives: that answer has no body to check.
  const text = await response.text().catch(() => '')
  if (text === '') return
  const answer = { status: response.status, headers: response.headers, body: JSON.parse(text) }
  const found = departure(method, url, answer)
  if (found) departures.add(`${method} ${url}: ${found}`)
}

/** Waits for the checks of all answers so far. @returns how they differ from the description, each once. */
export async function takeDepartures(): Promise<string[]> {
  await Promise.all(checks)
  const found = [...departures]
  departures.clear()
  return found
}
