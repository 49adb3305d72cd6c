import type { ActionSigner, ActionTypedData } from '../../../client/src/index.ts'
import { formatUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'

/**
 * Limits the USDC that this process signs away: what posts and stakes pay, and the rewards that approvals release. A refused
 * action counts too, because its signature was sent. The reward of a run counts once: with its post, or with its approval.
 * @param limit USDC base units.
 * @param rewardOf the reward of a run, from the chain: the API must not decide what an approval counts.
 */
export function createSpendAllowance(limit: bigint, rewardOf: (runId: bigint) => Promise<bigint>) {
  /** What was counted for each run. */
  const counted = new Map<bigint, bigint>()
  let left = limit

  function take(amount: bigint, what: string) {
    if (amount > left) {
      const remaining = `${formatUsdc(left)} of the ${formatUsdc(limit)} of --allow-spend are left`
      const advice = 'Choose a smaller amount, or ask the user to start the server with a larger allowance.'
      const message = `${what} takes ${formatUsdc(amount)}; ${remaining}. Nothing was signed. ${advice}`
      throw new CommandError('ALLOWANCE_USED', message, { kind: 'refused' })
    }
    left -= amount
  }

  async function count({ primaryType, message }: ActionTypedData) {
    if (primaryType === 'ReceiveWithAuthorization') take(BigInt(message.value ?? 0), 'The payment')
    if (primaryType !== 'ApproveWork') return
    const runId = BigInt(message.bountyId ?? 0)
    const reward = await rewardOf(runId)
    take(reward - (counted.get(runId) ?? 0n), `The approval of run ${runId}`)
    counted.set(runId, reward)
  }

  return {
    /** Says that this reward was counted with the run's post. */
    notePosted: (runId: bigint, reward: bigint) => void counted.set(runId, reward),

    /** The signer, which throws a CommandError before it signs what exceeds the allowance. */
    limited: (signer: ActionSigner): ActionSigner => ({
      address: signer.address,
      signTypedData: async (typedData) => {
        await count(typedData)
        return signer.signTypedData(typedData)
      },
    }),
  }
}
