import type { Address } from 'viem'
import { MAX_BATCH } from '../../../../core/settings/relay.ts'
import type { ChainHead } from '../chain/heads.ts'
import type { RunStep } from '../events.ts'
import type { ClaimRequest } from '../kinds/claims/message.ts'
import type { Candidate, Examined, Passed, Simulated } from '../kinds/kind.ts'
import type { ActionRequest } from '../kinds/request.ts'
import type { PipelineContext } from '../pipeline/context.ts'
import { createSimulate } from '../pipeline/simulate.ts'
import type { Refusal } from '../refusal.ts'

/** The result of a claim that cannot be placed now. See `Simulated`. */
export type Unplaceable =
  | { status: 'fails'; refusal: Refusal; looksAgain: boolean }
  | { status: 'undecided'; refusal: Refusal | undefined }

export type SimulatedClaim = { candidate: Candidate } | { unplaceable: Unplaceable } | { error: unknown }

/** A claim in the queue. */
type Queued = { request: ClaimRequest; key?: string | undefined; examined: Examined }

/** Simulates claims of different runs: first all together, and then alone those that do not pass with the others. */
export function createSimulateClaims(context: PipelineContext, runStep: RunStep) {
  const { kinds, feesPaid } = context
  const simulate = createSimulate(context)

  /**
   * @param from the signer that would send them.
   * @returns the claims that pass together, and for each of the others a promise that never rejects.
   */
  return async function simulateClaims<Claim extends Queued>(from: Address, head: ChainHead, claims: readonly Claim[]) {
    const shared = claims.filter(({ examined }) => !examined.runsWalletCode).map(({ request }) => request)
    const agentIds = new Set(claims.map(({ request }) => request.message.agentId))

    async function together(): Promise<Map<ActionRequest, Passed>> {
      const batches = Array.from({ length: Math.ceil(shared.length / MAX_BATCH) }, (_, place) =>
        shared.slice(place * MAX_BATCH, (place + 1) * MAX_BATCH),
      ).filter(({ length }) => length > 1)
      const passed = await Promise.all(
        batches.map((batch) =>
          runStep('simulate', batch, async () => {
            const [first] = batch
            return (first && (await kinds.of(first.message).batch?.simulate(from, batch, head))) ?? []
          }),
        ),
      )
      return new Map(passed.flat())
    }

    const [passed, paid] = await Promise.all([together(), feesPaid([...agentIds])])

    const candidateOf = ({ request, key, examined }: Claim, { action, gas, lock }: Passed): Candidate => {
      return { ...examined, action, gas, lock, fees: paid.get(request.message.agentId) ?? 0n, key }
    }

    function resultOf(claim: Claim, simulated: Simulated): SimulatedClaim {
      if (simulated.result === 'passes') return { candidate: candidateOf(claim, simulated) }
      const { result: status, ...why } = simulated
      return { unplaceable: { status, ...why } as Unplaceable }
    }

    async function alone(claim: Claim): Promise<SimulatedClaim> {
      const { request, examined } = claim
      try {
        const simulated = await runStep('simulate', [request], () =>
          simulate(from, { request }, head, examined.runsWalletCode),
        )
        return resultOf(claim, simulated)
      } catch (error) {
        return { error }
      }
    }

    const passing = new Map<Claim, SimulatedClaim>()
    const others = new Map<Claim, Promise<SimulatedClaim>>()
    for (const claim of claims) {
      const one = passed.get(claim.request)
      if (one) passing.set(claim, { candidate: candidateOf(claim, one) })
      else others.set(claim, alone(claim))
    }
    return { together: passing, others }
  }
}
