import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from 'viem'
import { type Answer, type Json, request } from './api.ts'
import type { Oracle } from './oracle.ts'
import { about, drawQuestion, type Question } from './questions.ts'
import type { Random } from './random.ts'
import { nextPage, type RunListQuestion } from './runList.ts'
import { Tally } from './tally.ts'
import type { Witness } from './witness.ts'

/** Milliseconds between two requests. */
const PAUSE = 25

/** The share of questions that wait for a block: the last one that was seen, or the next. */
const WAITING = 0.3

/** How often each question is asked besides, at the same time. */
const REPEATS = 5

type Options = {
  /** The API's address, and how often it was killed or started: a request may fail if that changes while it runs. */
  api: { url: string; turns: () => number; isRunning: () => boolean }
  oracle: Oracle
  witness: Witness
  random: Random
  /** The accounts that post runs. */
  posters: readonly Address[]
}

/** Asks the API random questions one after the other until it is stopped, and checks the answers. */
export function startReader({ api, oracle, witness, random, posters }: Options) {
  const outcomes = new Tally()
  const differences: string[] = []
  /** The blocks of the answers, in order of arrival. */
  const seen: string[] = []
  /** Of the last answer. */
  let latest: number | undefined
  /** The page after the one that was read last, or one of its runs. */
  let next: Question | undefined
  let isStopping = false
  let checkedCount = 0

  /** @returns the answer, unless it is a refusal that is allowed. */
  async function send(question: Question, wanted: number | undefined) {
    // The board's pages take none, and are in no cache.
    const minBlock = question.subject === 'board' ? undefined : wanted
    const turns = api.turns()
    const wasRunning = api.isRunning()
    const answer = await request(api, withMinBlock(question.path, minBlock)).catch(async (error: unknown) => {
      outcomes.add('unreachable')
      // A killed API breaks its connections before `supervise` notices its end.
      await sleep(200)
      if (wasRunning && turns === api.turns()) differences.push(`${question.path}: expected an answer, got ${error}`)
    })
    if (!answer) return undefined
    const { status, body, block } = answer
    outcomes.add(status === 503 ? `503 ${body.code}` : String(status))
    if (status === 503 && (body.code === 'INDEX_BEHIND' || body.code === 'NODE_UNAVAILABLE' || body.page)) {
      return undefined
    }
    if (status !== 200 && status !== 404) {
      differences.push(`${question.path}: expected status 200, 404 or 503, got ${status}`)
      return undefined
    }
    if (Number(block) < (minBlock ?? 0)) {
      differences.push(`${question.path}: block ${block} is before minBlock ${minBlock}`)
    }
    return answer
  }

  async function ask(question: Question) {
    const isWaiting = latest !== undefined && random.chance(WAITING)
    const first = send(question, isWaiting ? (latest ?? 0) + random.int(0, 1) : undefined)
    // Another URL each, so that no cache answers it. A block that they have in common has one answer.
    const others = Array.from({ length: REPEATS }, (_, place) => send(question, place))
    for (const answer of await Promise.all(others)) {
      if (answer) differences.push(...oracle.compareWithEarlier(question, answer))
    }
    const answer = await first
    if (!answer) return
    const { block, hash } = answer
    if (hash !== null && seen.at(-1) !== hash) seen.push(hash)
    latest = Number(block)
    if (question.subject === 'runs') next = followUp(question, answer)
    const { isProven, differences: found } = await oracle.compareAnswer(question, answer)
    differences.push(...found)
    if (isProven) checkedCount++
    else outcomes.add('of a removed block')
  }

  /** Runs that lists have are asked for one by one, too: random ids seldom meet those that change. */
  function followUp(list: RunListQuestion, answer: Answer) {
    const runs = answer.body.runs as Json[]
    if (runs.length === 0 || random.chance(0.5)) return nextPage(list, answer)
    return about('run', BigInt(random.pick(runs).bountyId as number))
  }

  const loop = (async () => {
    while (!isStopping) {
      const question = next && random.chance(0.7) ? next : drawQuestion(random, posters)
      next = undefined
      await ask(question)
      await sleep(PAUSE)
    }
  })()
  // Its failure is thrown by `stop`. Until then, it must not end the process as an unhandled rejection.
  loop.catch(() => undefined)

  return {
    outcomes,
    async stop() {
      isStopping = true
      await loop
    },
    /** All differences. Call it once the reader has stopped and the witness has read the last block. */
    result() {
      const unknown = seen.filter((hash) => !witness.knows(hash))
      differences.push(...unknown.map((hash) => `X-Indexed-Hash: the chain never had block ${hash}`))
      if (unknown.length === 0) differences.push(...stepsBack(seen, witness))
      return { checkedCount, differences }
    },
  }
}

const withMinBlock = (path: string, minBlock: number | undefined) =>
  minBlock === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}minBlock=${minBlock}`

/** A reorg may lead to a lower block, but not to an ancestor of a block that was shown before. */
function stepsBack(seen: readonly string[], witness: Witness): string[] {
  return seen.flatMap((hash, place) => {
    const before = seen[place - 1]
    return before !== undefined && witness.isBelow(hash, before) ? `answers: block ${hash} came after ${before}` : []
  })
}
