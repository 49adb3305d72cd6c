import type { Address } from 'viem'
import type { Conditions } from '../../chain/conditions.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { Bounty, Failure } from '../../chain/market.ts'
import type { RunStep } from '../../events.ts'
import { tooMuchGas } from '../../refusal.ts'
import { gasLimit, MAX_GAS } from '../chain/gas.ts'
import { type ClaimRequest, claimIdOf } from '../chain/market.ts'
import type { ClaimsContext } from '../context.ts'
import type { Candidate } from '../placing.ts'
import { type SimulatedClaim, simulateAlone, simulateBatch } from './simulate.ts'

/**
 * The result of a claim that cannot be placed now.
 * - `fails`: its simulation fails, for this reason.
 * - `undecided`: the next block decides it; `failure` is the answer if there is none in time.
 */
export type Unplaceable =
  | { status: 'fails'; failure: Failure; bounty: Bounty }
  | { status: 'undecided'; failure: Failure | undefined }

export type Simulated = { candidate: Candidate } | { unplaceable: Unplaceable } | { error: unknown }

/** A claim in the queue. `runsWalletCode`: see `ExaminedClaim`. */
type Queued = { request: ClaimRequest; key: string | undefined; runsWalletCode: boolean }

/** Simulates claims of different runs: first all together, and then alone those that do not pass with the others. */
export function createSimulateClaims(context: ClaimsContext, runStep: RunStep) {
  const { market, fees, nextBlock, feesPaid } = context

  /** What the transaction of a single claim in the next block will be. */
  async function conditions(): Promise<Conditions> {
    const [price, block] = await Promise.all([fees(), nextBlock()])
    return { gas: MAX_GAS, tooMuchGas: () => tooMuchGas('claim', MAX_GAS), fees: price, block }
  }

  /**
   * @param from the signer that would send them.
   * @returns the claims that pass together, and for each of the others a promise that never rejects.
   */
  return async function simulateClaims<Claim extends Queued>(from: Address, head: ChainHead, claims: readonly Claim[]) {
    const requests = claims.filter(({ runsWalletCode }) => !runsWalletCode).map(({ request }) => request)
    const agentIds = new Set(claims.map(({ request }) => request.agentId))
    const [passed, paid] = await Promise.all([simulateBatch(market, from, requests, runStep), feesPaid([...agentIds])])

    /** @throws Refusal CLAIM_REVERTED if the claim uses more gas than the relay pays for. */
    function resultOf({ request, key, runsWalletCode }: Claim, { simulation, account }: SimulatedClaim): Simulated {
      const { result, bounty } = simulation
      if (result === 'fails') return { unplaceable: { status: result, failure: simulation.failure, bounty } }
      if (result === 'undecided') return { unplaceable: { status: result, failure: simulation.failure } }
      const round = BigInt(bounty.round) + 1n
      const candidate = {
        claim: { claimId: claimIdOf(market, request, round, bounty), request, round },
        gas: gasLimit(simulation.gas),
        lock: bounty.stake,
        account,
        fees: paid.get(request.agentId) ?? 0n,
        poster: bounty.poster,
        block: head.number,
        key,
        runsWalletCode,
      }
      return { candidate }
    }

    async function alone(claim: Claim): Promise<Simulated> {
      const { request, runsWalletCode } = claim
      try {
        const simulated = await runStep('simulate', [request], async () =>
          simulateAlone(market, from, request, runsWalletCode ? await conditions() : undefined),
        )
        return resultOf(claim, simulated)
      } catch (error) {
        return { error }
      }
    }

    const together = new Map<Claim, Simulated>()
    const others = new Map<Claim, Promise<Simulated>>()
    for (const claim of claims) {
      const simulated = passed.get(claim.request)
      if (simulated) together.set(claim, resultOf(claim, simulated))
      else others.set(claim, alone(claim))
    }
    return { together, others }
  }
}
