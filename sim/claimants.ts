import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, isAddressEqual } from 'viem'
import { type Answer, type Api, request } from './api.ts'
import { type Candidate, pickCandidate, signClaim } from './claimActions.ts'
import type { Difference } from './oracle.ts'
import { accountOf } from './parties.ts'
import type { Random } from './random.ts'
import { Tally } from './tally.ts'
import type { World } from './world.ts'

/** How long a signature is good. Seconds of chain time: less than it jumps at once, so that some expire on their way. */
const VALIDITY = 3_000n

/** Milliseconds. */
const PAUSE = 250

/** How often a claim is looked at, at most, until the API says of it what the chain does. */
const TRIES = 40

type Options = {
  world: World
  api: Api
  /** Who sends what the API relays. */
  relayer: Address
  random: Random
}

/** A claim that the API took: it named it, and owes an account of it. */
type Taken = { candidate: Candidate; claimId: string }

export type Claimants = ReturnType<typeof createClaimants>

/**
 * Agents that claim through the API, as its README tells them to: they sign, ask with an Idempotency-Key, and ask again
 * the same way until they have an answer, whatever dies meanwhile.
 */
export function createClaimants({ world, api, relayer, random }: Options) {
  const answers = new Tally()
  const taken: Taken[] = []
  const ongoing = new Set<Promise<void>>()
  const ending = new AbortController()
  let count = 0

  async function ask(candidate: Candidate, init: RequestInit) {
    while (!ending.signal.aborted) {
      const answer = await request(api, `/api/runs/${candidate.bountyId}/claim`, init).catch(() => undefined)
      answers.add(answer ? `${answer.status}${answer.status === 200 ? '' : ` ${answer.body.code ?? ''}`}` : 'none')
      if (answer && answer.status !== 503 && answer.status !== 429) return note(candidate, answer)
      await sleep(PAUSE)
    }
  }

  function note(candidate: Candidate, { status, body }: Answer) {
    if (status === 200 || status === 202) taken.push({ candidate, claimId: String(body.claimId) })
  }

  /** Where a reorg moved a claim to another block, the relay sees it at the next: it may say the old one until then. */
  async function holdSoon(claim: Taken, limit: number): Promise<Difference[]> {
    for (let tries = TRIES; ; tries--) {
      const differences = await hold(claim, await decided(claim, limit))
      if (differences.length === 0 || tries === 1) return differences
      await sleep(PAUSE)
    }
  }

  async function decided({ claimId }: Taken, limit: number) {
    for (;;) {
      const answer = await request(api, `/api/claims/${claimId}`).catch(() => undefined)
      const isOpen = answer?.status !== 404 && !['mined', 'final', 'refused'].includes(String(answer?.body.state))
      if (answer && !isOpen) return answer
      if (performance.now() > limit) throw new Error(`claim ${claimId} is not decided: ${JSON.stringify(answer)}`)
      await sleep(PAUSE)
    }
  }

  return {
    answers,
    /** Lets a random agent claim a random run, and does not wait for what becomes of it. */
    async claim() {
      const candidate = await pickCandidate(world, random)
      const signer = candidate && accountOf(world, candidate.wallet)
      if (!signer) return
      const { signature, deadline } = await signClaim(world, signer, candidate, VALIDITY)
      const claim = { agentId: Number(candidate.agentId), walletAddress: candidate.wallet }
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `claim-${count++}` }
      const body = JSON.stringify({ ...claim, signature, deadline: Number(deadline) })
      const asking = ask(candidate, { method: 'POST', headers, body })
      ongoing.add(asking)
      void asking.finally(() => ongoing.delete(asking))
    },
    /**
     * Waits until every claim is answered and decided, while the chain moves, and holds what the API says of each
     * against the chain.
     * @param milliseconds Gives up then, and throws.
     */
    async verdict(milliseconds: number): Promise<Difference[]> {
      const limit = performance.now() + milliseconds
      while (ongoing.size > 0) {
        if (performance.now() > limit) throw new Error(`${ongoing.size} claims are not answered: ${answers}`)
        await world.node.mine({ blocks: 1 })
        await sleep(PAUSE)
      }
      const differences: Difference[] = []
      for (const each of taken) {
        await world.node.mine({ blocks: 1 })
        differences.push(...(await holdSoon(each, limit)))
      }
      return differences
    },
    /** Lets no one ask again. */
    async stop() {
      ending.abort()
      await Promise.all(ongoing)
    },
  }

  async function hold({ candidate, claimId }: Taken, { status, body }: Answer): Promise<Difference[]> {
    const wins = await winsOf(candidate)
    if (wins.length > 1) throw new Error(`claim ${claimId} is on the chain ${wins.length} times`)
    const [win] = wins
    // What the relay refused, or never sent, the agent's own transaction may have won before or since.
    const isRelayed = win && isAddressEqual(win.from, relayer)
    const isWon = status !== 404 && body.state !== 'refused'
    // Of its own it is told a block at which the run was the agent's.
    const isLater = isWon && win && !isRelayed && Number(body.blockNumber) >= Number(win.blockNumber)
    const expected = win && (isWon || isRelayed) ? `won in block ${win.blockNumber}` : 'not won'
    const actual = isWon ? `won in block ${isLater ? win.blockNumber : body.blockNumber}` : 'not won'
    return expected === actual ? [] : [{ subject: `claim ${claimId}`, field: 'state', expected, actual }]
  }

  /** Where the chain has the claim, and who sent it there: at most once, for its round comes but once. */
  async function winsOf({ bountyId, agentId, wallet, round }: Candidate) {
    const logs = await world.node.getContractEvents({
      ...world.contracts.market,
      eventName: 'BountyClaimed',
      args: { bountyId, agentId, wallet },
      fromBlock: BigInt(world.deployment.startBlock),
      strict: true,
    })
    const wins = logs.filter((log) => log.args.round === round)
    return Promise.all(wins.map(({ transactionHash: hash }) => world.node.getTransaction({ hash })))
  }
}
