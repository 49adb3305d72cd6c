import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, isAddressEqual } from 'viem'
import { type Answer, type Api, request } from './api.ts'
import { type Candidate, pickCandidate, signClaim } from './claimActions.ts'
import type { Difference } from './oracle.ts'
import { accountOf } from './parties.ts'
import type { Random } from './random.ts'
import { Tally } from './tally.ts'
import type { World } from './world.ts'

/** Validity of a signature in chain time: less than the clock's largest jump, so that some expire unmined. */
const VALIDITY_SECONDS = 3_000n

/** Milliseconds between two requests. */
const PAUSE = 250

/** How often a claim is read, at most, until the API agrees with the chain about it. */
const TRIES = 40

type Options = {
  world: World
  api: Api
  /** The account that sends the claims that the API relays. */
  relayer: Address
  random: Random
}

/** A claim that the API accepted (200 or 202), and whose outcome it must report. */
type Accepted = { candidate: Candidate; claimId: string }

export type Claimants = ReturnType<typeof createClaimants>

/**
 * Agents that claim through the API as docs/claims.md describes: they sign, send an Idempotency-Key, and repeat the
 * same request until it is answered, whatever process is killed in between.
 */
export function createClaimants({ world, api, relayer, random }: Options) {
  const answers = new Tally()
  const accepted: Accepted[] = []
  const ongoing = new Set<Promise<void>>()
  const ending = new AbortController()
  let count = 0

  async function claimUntilAnswered(candidate: Candidate, init: RequestInit) {
    while (!ending.signal.aborted) {
      const answer = await request(api, `/api/runs/${candidate.bountyId}/claim`, init).catch(() => undefined)
      answers.add(answer ? `${answer.status}${answer.status === 200 ? '' : ` ${answer.body.code ?? ''}`}` : 'none')
      if (answer?.status === 200 || answer?.status === 202)
        accepted.push({ candidate, claimId: String(answer.body.claimId) })
      if (answer && answer.status !== 503 && answer.status !== 429) return
      await sleep(PAUSE)
    }
  }

  /** After a reorg moved a claim to another block, the relay may report the old block until the next one arrives. */
  async function compareEventually(claim: Accepted, limit: number): Promise<Difference[]> {
    for (let tries = TRIES; ; tries--) {
      const differences = await compareWithChain(claim, await decided(claim, limit))
      if (differences.length === 0 || tries === 1) return differences
      await sleep(PAUSE)
    }
  }

  async function decided({ claimId }: Accepted, limit: number) {
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
    /** Lets a random agent claim a random run, without waiting for the outcome. */
    async claim() {
      const candidate = await pickCandidate(world, random)
      const signer = candidate && accountOf(world, candidate.wallet)
      if (!signer) return
      const { signature, deadline } = await signClaim(world, signer, candidate, VALIDITY_SECONDS)
      const claim = { agentId: Number(candidate.agentId), walletAddress: candidate.wallet }
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `claim-${count++}` }
      const body = JSON.stringify({ ...claim, signature, deadline: Number(deadline) })
      const asking = claimUntilAnswered(candidate, { method: 'POST', headers, body })
      ongoing.add(asking)
      void asking.finally(() => ongoing.delete(asking))
    },
    /**
     * Mines blocks until every claim is answered and decided, and compares what the API reports of each with the chain.
     * @throws if that takes longer than `milliseconds`.
     */
    async differences(milliseconds: number): Promise<Difference[]> {
      const limit = performance.now() + milliseconds
      while (ongoing.size > 0) {
        if (performance.now() > limit) throw new Error(`${ongoing.size} claims are not answered: ${answers}`)
        await world.node.mine({ blocks: 1 })
        await sleep(PAUSE)
      }
      const differences: Difference[] = []
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

  async function compareWithChain({ candidate, claimId }: Accepted, { status, body }: Answer): Promise<Difference[]> {
    const wins = await winsOf(candidate)
    if (wins.length > 1) throw new Error(`claim ${claimId} is on the chain ${wins.length} times`)
    const [win] = wins
    // The agent may have sent its own transaction, before or after the relay refused the claim or failed to send it.
    const isRelayed = win && isAddressEqual(win.from, relayer)
    const isWon = status !== 404 && body.state !== 'refused'
    // For that transaction the API reports any block at which the agent held the run, not the claim's own block.
    const isLater = isWon && win && !isRelayed && Number(body.blockNumber) >= Number(win.blockNumber)
    const expected = win && (isWon || isRelayed) ? `won in block ${win.blockNumber}` : 'not won'
    const actual = isWon ? `won in block ${isLater ? win.blockNumber : body.blockNumber}` : 'not won'
    return expected === actual ? [] : [{ subject: `claim ${claimId}`, field: 'state', expected, actual }]
  }

  /** The transactions that won the claim: at most one, because each claim of a run increases its round. */
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
