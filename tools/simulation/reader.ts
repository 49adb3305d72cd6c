import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from 'viem'
import { type Answer, request } from './api.ts'
import { compareAnswer, listLimit, type Question } from './judge.ts'
import type { Difference } from './oracle.ts'
import type { Random } from './random.ts'
import { drawRunList, nextPage } from './runList.ts'
import { Tally } from './tally.ts'
import type { Witness } from './witness.ts'

/** Milliseconds between two requests. */
const PAUSE = 25

type Options = {
  /** The API's address, and how often it was killed or started: a request may fail if that changes while it runs. */
  api: { url: string; turns: () => number; isRunning: () => boolean }
  witness: Witness
  random: Random
  /** The accounts that post runs. */
  posters: readonly Address[]
}

export type Reader = ReturnType<typeof startReader>

/** Sends random requests to the API one after the other until it is stopped, and checks the answers. */
export function startReader({ api, witness, random, posters }: Options) {
  const outcomes = new Tally()
  const differences: Difference[] = []
  /** Answers at blocks that the witness has not read yet. */
  let waiting: { question: Question; answer: Answer; hash: string }[] = []
  /** The blocks of the answers, in order of arrival. */
  const seen: string[] = []
  /** The page after the one that was read last. */
  let next: Question | undefined
  let isStopping = false
  let checkedCount = 0

  async function ask(question: Question) {
    const turns = api.turns()
    const wasRunning = api.isRunning()
    try {
      const answer = await request(api, question.path)
      outcomes.add(answer.status === 503 ? `503 ${answer.body.code}` : String(answer.status))
      take(question, answer)
    } catch (error) {
      outcomes.add('unreachable')
      // A killed API breaks its connections before `supervise` notices its end.
      await sleep(200)
      if (wasRunning && turns === api.turns()) {
        differences.push({ subject: question.path, field: 'answer', expected: 'one', actual: String(error) })
      }
    }
  }

  function take(question: Question, answer: Answer) {
    const { status, body, hash } = answer
    if (status === 503 && body.code === 'INDEX_BEHIND') return
    if (status !== 200 && status !== 404) {
      differences.push({ subject: question.path, field: 'status', expected: '200, 404 or 503', actual: status })
    } else if (hash === null) {
      differences.push({ subject: question.path, field: 'X-Indexed-Hash', expected: 'a hash', actual: null })
    } else {
      waiting.push({ question, answer, hash })
      if (seen.at(-1) !== hash) seen.push(hash)
      if (question.subject === 'runs' && status === 200) next = nextPage(question, answer)
    }
  }

  const loop = (async () => {
    while (!isStopping) {
      const question = next && random.chance(0.7) ? next : draw(random, posters)
      next = undefined
      await ask(question)
      await sleep(PAUSE)
    }
  })()

  return {
    outcomes,
    /** Checks the answers at blocks that the witness knows. Call it after the witness's `catchUp`. */
    check() {
      const unknown: typeof waiting = []
      for (const each of waiting) {
        const block = witness.blockOf(each.hash)
        if (!block) unknown.push(each)
        else {
          checkedCount++
          differences.push(...compareAnswer(each.question, each.answer, block))
        }
      }
      waiting = unknown
    },
    async stop() {
      isStopping = true
      await loop
    },
    /** All differences. Call it once the reader has stopped and the witness has read the last block. */
    result() {
      this.check()
      for (const { question, answer } of waiting) {
        differences.push({
          subject: question.path,
          field: 'X-Indexed-Hash',
          expected: 'once canonical',
          actual: answer.hash,
        })
      }
      if (waiting.length === 0) differences.push(...stepsBack(seen, witness))
      return { checkedCount, differences }
    },
  }
}

/** A reorg may lead to a lower block, but not to an ancestor of a block that was shown before. */
function stepsBack(seen: readonly string[], witness: Witness): Difference[] {
  return seen.flatMap((hash, place) => {
    const before = seen[place - 1]
    if (before === undefined || !witness.isBelow(hash, before)) return []
    const numbers = [before, hash].map((each) => witness.blockOf(each)?.number)
    return { subject: 'answers', field: 'block', expected: `${numbers[0]} or later`, actual: numbers[1] }
  })
}

function draw(random: Random, posters: readonly Address[]): Question {
  const subject = random.weighted({ runs: 5, agents: 1, run: 4, agent: 2, events: 2, stats: 2 })
  switch (subject) {
    case 'runs':
      return drawRunList(random, posters)
    case 'agents':
      return { subject, path: `/api/agents?limit=${listLimit}` }
    case 'stats':
      return { subject, path: '/api/stats' }
  }
  // Some ids do not exist, some will, and a reorg may remove one.
  const id = BigInt(random.int(1, subject === 'agent' ? 14 : random.pick([10, 30, 1_000])))
  if (subject === 'events') return { subject, id, path: `/api/runs/${id}/events` }
  return { subject, id, path: `/api/${subject}s/${id}` }
}
