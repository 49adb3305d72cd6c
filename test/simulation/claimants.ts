import { type Address, isAddressEqual } from 'viem'
import type { Answer } from './api.ts'
import { type Candidate, pickCandidate, signClaim } from './claimActions.ts'
import { accountOf } from './parties.ts'
import type { Random } from './random.ts'
import type { Requests } from './requests.ts'
import type { World } from './world.ts'

/** Validity of a signature in chain time: less than the clock's largest jump, so that some expire unmined. */
const VALIDITY_SECONDS = 3_000n

type Options = {
  world: World
  requests: Requests
  /** The account that sends the claims that the API relays. */
  relayer: Address
  random: Random
}

export type Claimants = ReturnType<typeof createClaimants>

/** Agents that claim through the API: they sign, and send an Idempotency-Key. */
export function createClaimants({ world, requests, relayer, random }: Options) {
  let count = 0

  return {
    /** Lets a random agent claim a random run, without waiting for the outcome. */
    async claim() {
      const candidate = await pickCandidate(world, random)
      const signer = candidate && accountOf(world, candidate.wallet)
      if (!signer) return
      const { bountyId, agentId, wallet } = candidate
      const { signature, deadline } = await signClaim(world, signer, candidate, VALIDITY_SECONDS)
      const body = { agentId: Number(agentId), walletAddress: wallet, signature, deadline: Number(deadline) }
      const headers = { 'Idempotency-Key': `claim-${count++}` }
      requests.send('claim', `/api/runs/${bountyId}/claim`, body, headers, {
        statePath: ({ claimId }) => `/api/claims/${claimId}`,
        compare: (state) => compareWithChain(candidate, state),
      })
    },
  }

  async function compareWithChain(candidate: Candidate, { status, body }: Answer): Promise<string[]> {
    const claim = `claim of run ${candidate.bountyId}, round ${candidate.round}, by agent ${candidate.agentId}`
    const wins = await winsOf(candidate)
    if (wins.length > 1) throw new Error(`The ${claim} is on the chain ${wins.length} times`)
    const [win] = wins
    // The agent may have sent its own transaction, before or after the relay refused the claim or failed to send it.
    const isRelayed = win && isAddressEqual(win.from, relayer)
    const isWon = status !== 404 && body.state !== 'refused'
    // For that transaction the API reports any block at which the agent held the run, not the claim's own block.
    const isLater = isWon && win && !isRelayed && Number(body.blockNumber) >= Number(win.blockNumber)
    const expected = win && (isWon || isRelayed) ? `won in block ${win.blockNumber}` : 'not won'
    const actual = isWon ? `won in block ${isLater ? win.blockNumber : body.blockNumber}` : 'not won'
    return expected === actual ? [] : [`${claim}: expected ${expected}, got ${actual}`]
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
