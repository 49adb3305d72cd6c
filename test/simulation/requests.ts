import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Api, type Json, request } from './api.ts'
import { Tally } from './tally.ts'
import type { World } from './world.ts'

/** Milliseconds between two requests. */
const PAUSE = 250

/** How often the state of an accepted request is read, at most, until the API agrees with the chain about it. */
const TRIES = 40

/** What the API must make, or refuse. */
type Asked = {
  /** The answer says that the API has stored it, with these members. @returns the path of its state. */
  statePath: (body: Json) => string
  /** Compares the decided state with the chain. */
  compare: (state: Answer) => Promise<string[]>
}

/** What the API accepted (200 or 202), and whose outcome it must report. */
type Accepted = Pick<Asked, 'compare'> & { path: string }

export type Requests = ReturnType<typeof createRequests>

/**
 * Requests that the API relays. Each is repeated until it is answered, whatever process is killed in between, as
 * docs/api.md#claims and docs/api.md#actions describe.
 */
export function createRequests(world: World, api: Api) {
  const answers = new Tally()
  const accepted: Accepted[] = []
  const ongoing = new Set<Promise<void>>()
  const ending = new AbortController()

  async function askUntilAnswered(what: string, path: string, init: RequestInit, { statePath, compare }: Asked) {
    while (!ending.signal.aborted) {
      const answer = await request(api, path, init).catch(() => undefined)
      const seen = answer ? `${answer.status}${answer.status === 200 ? '' : ` ${answer.body.code ?? ''}`}` : 'none'
      answers.add(`${what} ${seen}`)
      if (answer?.status === 200 || answer?.status === 202) accepted.push({ path: statePath(answer.body), compare })
      if (answer && answer.status !== 503 && answer.status !== 429) return
      await sleep(PAUSE)
    }
  }

  async function decided(path: string, limit: number): Promise<Answer> {
    for (;;) {
      const answer = await request(api, path).catch(() => undefined)
      const isOpen = answer?.status !== 404 && !['mined', 'final', 'refused'].includes(String(answer?.body.state))
      if (answer && !isOpen) return answer
      if (performance.now() > limit) throw new Error(`${path} is not decided: ${JSON.stringify(answer)}`)
      await sleep(PAUSE)
    }
  }

  /** After a reorg moved a transaction to another block, the relay may report the old block until the next one arrives. */
  async function compareEventually({ path, compare }: Accepted, limit: number): Promise<string[]> {
    for (let tries = TRIES; ; tries--) {
      const differences = await compare(await decided(path, limit))
      if (differences.length === 0 || tries === 1) return differences
      await sleep(PAUSE)
    }
  }

  return {
    answers,

    /** Sends the request, without waiting for its answer. @param what names it in the report. */
    send(what: string, path: string, body: Json | undefined, headers: Record<string, string>, asked: Asked) {
      const init = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body && { body: JSON.stringify(body) }),
      }
      const asking = askUntilAnswered(what, path, init, asked)
      ongoing.add(asking)
      void asking.finally(() => ongoing.delete(asking))
    },

    /**
     * Mines blocks until every request is answered and decided, and compares what the API reports of each with the chain.
     * @throws if that takes longer than `milliseconds`.
     */
    async differences(milliseconds: number): Promise<string[]> {
      const limit = performance.now() + milliseconds
      while (ongoing.size > 0) {
        if (performance.now() > limit) throw new Error(`${ongoing.size} requests are not answered: ${answers}`)
        await world.node.mine({ blocks: 1 })
        await sleep(PAUSE)
      }
      const differences: string[] = []
      for (const each of accepted) {
        await world.node.mine({ blocks: 1 })
        differences.push(...(await compareEventually(each, limit)))
      }
      return differences
    },

    /** Ends all repeated requests. */
    async stop() {
      ending.abort()
      await Promise.all(ongoing)
    },
  }
}
