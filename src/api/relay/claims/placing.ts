import type { Address } from 'viem'
import { type Applicant, MOST_OPEN, type Obstacle, reserve } from '../ledger/reserve.ts'
import type { Subjects } from '../ledger/spending.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer, Quote } from '../sender/placement.ts'
import { type ClaimRoom, claimRoomOf, claimsCall, MOST_RESERVED_GAS, reservedGas, transactionsOf } from './chain/gas.ts'
import type { AgentAccount, NamedClaim } from './chain/market.ts'
import type { ClaimsContext } from './context.ts'
import { CLAIM, slotOfClaim } from './store/claims.ts'

/** A claim that passed its simulation and needs a nonce. */
export type Candidate = {
  claim: NamedClaim
  /** The gas limit of a transaction with this claim only. */
  gas: bigint
  /** The stake that the claim locks, in USDC base units, and the agent's account at `block`. */
  lock: bigint
  account: AgentAccount
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  poster: Address
  block: bigint
  /** See `ExaminedClaim`. */
  runsWalletCode: boolean
  /** The client’s idempotency key. */
  key: string | undefined
}

/** The claims that got a nonce, by transaction, and why the others got none. */
export type Placed = {
  transactions: { placed: PlacedTx; candidates: Candidate[] }[]
  obstacles: Map<Candidate, Obstacle>
}

/** The most open claims of an agent that has completed no run, and whose wallet is a contract, with its reverts of the last day. */
const MOST_OPEN_OF_NEW_CONTRACT = 3

/**
 * How many open claims an agent may have, with its reverts of the last day. An open claim has passed its simulation, and may
 * still revert in its block at the relayer's expense. Claims beyond the limit wait.
 *
 * A wallet's code can tell a block from any simulation, so that each of its claims may use all the gas of its
 * transaction. A claim that a key has signed runs only the code of the market, and costs little if it reverts.
 */
function mostOpen({ runsWalletCode, account }: Candidate): number {
  if (!runsWalletCode) return MOST_OPEN.ofKey
  return account.completions > 0n ? MOST_OPEN.ofContract : MOST_OPEN_OF_NEW_CONTRACT
}

/** `fees`: what the agent's completed runs have paid, in USDC base units. */
type Named = { wallet: string; agentId: bigint; poster: string; fees: bigint }

/** A claim's subjects: those of a claim that fees do not cover, and that of another. */
export const namesOf = ({ wallet, agentId, poster, fees }: Named): Subjects => ({
  shared: [`wallet ${wallet}`, `agent ${agentId}`, `poster ${poster}`, 'newcomers'],
  covers: [{ name: `fees ${agentId}`, fees }],
})

/** What is stored of the claim, and what its limits are. @param price the most that a transaction offers per gas, in wei. */
function applicantOf(candidate: Candidate, price: bigint): Applicant {
  const { claim, lock, account, fees, poster, block, key } = candidate
  const { claimId: id, request, round } = claim
  const { bountyId, agentId, wallet, signed } = request
  const { deadline = null, signature = null } = signed ?? {}
  const slot = slotOfClaim(bountyId, round)
  const ofRun = { kind: CLAIM, party: wallet, agentId, amount: lock, runId: bountyId, round, slot, body: {} }
  return {
    row: { id, ...ofRun, deadline, signature, key },
    locks: [`agent ${agentId}`],
    mostOpen: mostOpen(candidate),
    cost: reservedGas(candidate) * price,
    mostCost: MOST_RESERVED_GAS * price,
    subjects: namesOf({ wallet, agentId, poster, fees }),
    need: { of: 'stake', agentId, amount: lock, staked: account.staked, unlocked: account.unlocked, block },
  }
}

/**
 * Stores claims with signed transactions, as few as possible.
 * @param take is called once the signer is locked, and not at all if it is blocked. `notSigning` may follow it: then the
 * claims that it returned are not stored, and another signer can make them.
 */
export async function placeClaims(
  { market, maxBatch, walletLimits, spendingLimits }: ClaimsContext,
  placer: Placer,
  signer: Signer,
  quote: Promise<Quote>,
  take: (room: ClaimRoom) => Candidate[],
): Promise<Placed | Blocker> {
  const groups = new Map<bigint, Candidate[]>()
  const obstacles = new Map<Candidate, Obstacle>()
  const placed = await placer.place(signer, quote, async (db, room) => {
    const claimRoom = claimRoomOf(room, maxBatch)
    const candidates = take(claimRoom)
    const applicants = candidates.map((candidate) => applicantOf(candidate, room.price))
    const answers = await reserve(db, applicants, {
      what: 'claims',
      walletLimits,
      spendingLimits,
      transactionsOf: (places) =>
        transactionsOf(
          candidates.filter((_, place) => places.includes(place)),
          claimRoom.items,
        ),
    })
    for (const [place, candidate] of candidates.entries()) {
      const answer = answers[place] ?? 'rival'
      if (typeof answer === 'bigint') groups.set(answer, [...(groups.get(answer) ?? []), candidate])
      else obstacles.set(candidate, answer)
    }
    return [...groups].map(([tx, group]) => {
      const claims = group.map(({ claim, gas }) => ({ request: claim.request, gas }))
      return { tx, kind: CLAIM, call: claimsCall(market, signer.address, claims) }
    })
  })
  if (typeof placed === 'string') return placed
  const transactions = placed.map((one) => ({ placed: one, candidates: groups.get(one.tx) ?? [] }))
  return { transactions, obstacles }
}
