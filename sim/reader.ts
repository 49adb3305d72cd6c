import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, request } from './api.ts'
import { judge, listLimit, type Question } from './judge.ts'
import type { Difference } from './oracle.ts'
import type { Random } from './random.ts'
import { Tally } from './tally.ts'
import type { Witness } from './witness.ts'

/** Milliseconds between two questions. */
const PAUSE = 25

type Options = {
  /** The address of the API, and how often it was killed or started: a request may fail if that changed meanwhile. */
  api: { url: string; turns: () => number; isUp: () => boolean }
  witness: Witness
  random: Random
}

export type Reader = ReturnType<typeof startReader>

/** Asks the API one random question after the other until it is stopped, and judges the answers. */
export function startReader({ api, witness, random }: Options) {
  const outcomes = new Tally()
  const differences: Difference[] = []
  /** Answers of blocks that the witness has yet to see. */
  let waiting: { question: Question; answer: Answer; hash: string }[] = []
  let isStopping = false
  let judged = 0

  async function ask(question: Question) {
    const [turns, wasUp] = [api.turns(), api.isUp()]
    try {
      const answer = await request(api, question.path)
      outcomes.add(answer.status === 503 ? `503 ${answer.body.code}` : String(answer.status))
      take(question, answer)
    } catch (error) {
      outcomes.add('unreachable')
      // A killed API breaks its connections before its end is known.
      await sleep(200)
      if (wasUp && turns === api.turns()) {
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
    } else waiting.push({ question, answer, hash })
  }

  const loop = (async () => {
    while (!isStopping) {
      await ask(draw(random))
      await sleep(PAUSE)
    }
  })()

  return {
    outcomes,
    /** Judges what can be judged. Must follow a `catchUp` of the witness. */
    judge() {
      const unknown: typeof waiting = []
      for (const each of waiting) {
        const block = witness.blockOf(each.hash)
        if (!block) unknown.push(each)
        else {
          judged++
          differences.push(...judge(each.question, each.answer, block))
        }
      }
      waiting = unknown
    },
    async stop() {
      isStopping = true
      await loop
    },
    /** What was found in all. Asked once the reader has stopped and the witness has seen the last block. */
    verdict() {
      this.judge()
      for (const { question, answer } of waiting) {
        differences.push({
          subject: question.path,
          field: 'X-Indexed-Hash',
          expected: 'once canonical',
          actual: answer.hash,
        })
      }
      return { judged, differences }
    },
  }
}

function draw(random: Random): Question {
  const subject = random.weighted({ runs: 3, agents: 1, run: 5, agent: 3 })
  if (subject === 'runs' || subject === 'agents') return { subject, path: `/api/${subject}?limit=${listLimit}` }
  // Some ids are nobody's, and some become somebody's, and may cease to be in a reorg.
  const id = BigInt(random.int(1, subject === 'run' ? random.pick([10, 100, 1_000]) : 14))
  return { subject, id, path: `/api/${subject}s/${id}` }
}
