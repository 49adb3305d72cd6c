import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from './figure.ts'

/** Questions of one kind, each of which is asked for by another path. */
export type Kind = { name: string; perSecond: number; path: (request: number) => string }

/** Milliseconds until the answer. */
export type Waited = { name: string; requests: number; p50: number; p99: number }

const ANSWER_LIMIT_MS = 10_000

let sent = 0

/**
 * Asks as many independent clients do: the time from a request to the next one is exponential (Poisson arrivals), whether
 * the one before has its answer or not.
 * @throws if an answer is not 2xx, so also if the API cuts a question off.
 */
export async function ask(
  url: string,
  kinds: readonly Kind[],
  { seconds, headers = {} }: { seconds: number; headers?: Record<string, string> },
): Promise<Waited[]> {
  const times = new Map(kinds.map(({ name }) => [name, [] as number[]]))
  const failures: unknown[] = []
  const asking = kinds.map(async ({ name, perSecond, path }) => {
    const answers: Promise<unknown>[] = []
    const end = performance.now() + 1_000 * seconds
    let due = performance.now()
    for (; due < end && failures.length === 0; due += (-1_000 / perSecond) * Math.log(1 - Math.random())) {
      await sleep(Math.max(0, due - performance.now()))
      const dueAt = due
      const answered = answer(url + path(sent++), headers)
      answers.push(
        answered.then(
          () => times.get(name)?.push(performance.now() - dueAt),
          (error: unknown) => failures.push(error),
        ),
      )
    }
    await Promise.all(answers)
  })
  await Promise.all(asking)
  if (failures.length > 0) throw failures[0]
  return [...times].map(([name, waited]) => ({
    name,
    requests: waited.length,
    p50: percentile(waited, 0.5),
    p99: percentile(waited, 0.99),
  }))
}

async function answer(url: string, headers: Record<string, string>) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })
  const text = await response.text()
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${text}`)
}
