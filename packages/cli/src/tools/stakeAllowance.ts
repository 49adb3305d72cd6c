import type { Signer } from '../../../client/src/index.ts'
import { formatUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'

type ClaimMessage = Parameters<Signer['signTypedData']>[0]['message']

/**
 * Limits the stake that the claims of this process put at risk together. The contract locks the stake that a claim's
 * message names, so that message is counted, whatever the API says of the run. A claim that is refused counts too,
 * because its signature was sent. Of one round of a run the largest stake counts, because only one claim of it can win.
 * @param limit USDC base units.
 */
export function createStakeAllowance(limit: bigint) {
  /** The largest stake that was signed, by run, agent and round. */
  const counted = new Map<string, bigint>()
  let left = limit

  function count({ bountyId, agentId, round, stake }: ClaimMessage) {
    const claim = `${bountyId} ${agentId} ${round}`
    const before = counted.get(claim) ?? 0n
    if (stake <= before) return
    if (stake - before > left) {
      const needed = `The claim of run ${bountyId} puts ${formatUsdc(stake)} at stake`
      const remaining = `${formatUsdc(left)} of the ${formatUsdc(limit)} of --allow-stake are left`
      const advice = 'Choose a run with a lower stakeRequired, or ask the user to start the server with a larger one.'
      throw new CommandError('ALLOWANCE_USED', `${needed}; ${remaining}. Nothing was signed. ${advice}`, {
        kind: 'refused',
      })
    }
    counted.set(claim, stake)
    left -= stake - before
  }

  /** The signer, which throws a CommandError before it signs a claim that exceeds the allowance. */
  return (signer: Signer): Signer => ({
    address: signer.address,
    signTypedData: async (typedData) => {
      count(typedData.message)
      return signer.signTypedData(typedData)
    },
  })
}
