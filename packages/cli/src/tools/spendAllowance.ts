import type { ActionSigner, ActionTypedData } from '../../../client/src/index.ts'
import { formatUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'

/** A run as the chain has it. */
type RunOnChain = { poster: string; reward: bigint }

/** What a post paid. `before`: how many runs the market had before it. */
type Posted = { reward: bigint; before: bigint }

/**
 * Limits the USDC that this process signs away: what posts and stakes pay, and the rewards that approvals release. A refused
 * action counts too, because its signature was sent; a payment that is signed again counts once. The reward of a run counts once: with its post, or with its approval.
 * @param limit USDC base units.
 * @param readRun reads a run from the chain: the API must not decide what an approval counts.
 */
export function createSpendAllowance(limit: bigint, readRun: (runId: bigint) => Promise<RunOnChain>) {
  /** The posts by the ids of their runs, which the API has answered. */
  const posts = new Map<bigint, Posted>()
  const approved = new Set<bigint>()
  const paid = new Set<bigint | string | undefined>()
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

  /** Whether the run can be the one of the post, which the account has paid: the API could name another one of its runs. */
  const isPaid = (runId: bigint, { poster, reward }: RunOnChain, account: string) => {
    const post = posts.get(runId)
    return post !== undefined && runId > post.before && reward === post.reward && poster === account
  }

  async function count({ primaryType, message }: ActionTypedData, account: string) {
    if (primaryType === 'ReceiveWithAuthorization' && !paid.has(message.nonce)) {
      take(BigInt(message.value ?? 0), 'The payment')
      paid.add(message.nonce)
    }
    if (primaryType !== 'ApproveWork') return
    const runId = BigInt(message.bountyId ?? 0)
    const run = await readRun(runId)
    const isCounted = approved.has(runId) || isPaid(runId, run, account)
    take(isCounted ? 0n : run.reward, `The approval of run ${runId}`)
    approved.add(runId)
  }

  return {
    /** Says which run the API names for a post whose payment was counted. */
    notePosted: (runId: bigint, post: Posted) => void posts.set(runId, post),

    /** The signer, which throws a CommandError before it signs what exceeds the allowance. */
    limited: (signer: ActionSigner): ActionSigner => ({
      address: signer.address,
      signTypedData: async (typedData) => {
        await count(typedData, signer.address)
        return signer.signTypedData(typedData)
      },
    }),
  }
}
