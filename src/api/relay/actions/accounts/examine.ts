import { type Address, isAddressEqual, zeroAddress } from 'viem'
import { agentRegistryAbi } from '../../../../../abis/AgentRegistry.ts'
import type { Deployment } from '../../../../../core/deployment.ts'
import type { Requester } from '../../../../../core/fairLane.ts'
import { type AccountMessage, isFunding } from '../../../../../core/market/accountActions.ts'
import { LONGEST_VALIDITY_SECONDS } from '../../../../../core/market/accountRules.ts'
import { attempt, type Market } from '../../chain/market.ts'
import type { SharedReads } from '../../chain/sharedReads.ts'
import { isExpiring, MIN_VALIDITY_SECONDS, nextTimestamp } from '../../chain/validity.ts'
import { createCodeReader } from '../../chain/walletCode.ts'
import { Refusal, signatureExpiring } from '../../refusal.ts'
import type { ActionExamination } from '../actionFlow.ts'
import type { ActionsContext } from '../context.ts'
import { signatureExpired } from '../refusal.ts'
import type { NamedAction } from '../request.ts'
import { createSignatureCheck } from '../signatureCheck.ts'
import { readBalance } from './contracts.ts'
import { invalidSignature, refusalOfPost, signatureTooLong } from './refusal.ts'
import type { RegistryCheck } from './registry.ts'

/**
 * Checks the signature of an action of an account before it is simulated.
 * @param market has a client of its own, so that a flood of actions does not delay simulations. `read` uses it.
 * @param leastPost the smallest reward of a run that the relay posts, in USDC base units.
 * @param refusalOfRegistry why the registry registers no agent for another account.
 */
export function createAccountExamination(
  { heads, leastReward }: ActionsContext,
  market: Market,
  read: SharedReads,
  { contracts }: Deployment,
  leastPost: bigint,
  refusalOfRegistry: RegistryCheck,
): ActionExamination<AccountMessage> {
  const { client } = market
  const hasCode = createCodeReader(market)
  const checkSignature = createSignatureCheck(market)

  /** The accounts that may unstake: the agent's owner and wallet. None if there is no such agent. */
  async function unstakersOf(agentId: bigint): Promise<Address[]> {
    const registry = { abi: agentRegistryAbi, address: contracts.AgentRegistry, args: [agentId] } as const
    const asked = await Promise.all([
      attempt(client.readContract({ ...registry, functionName: 'ownerOf' })),
      attempt(client.readContract({ ...registry, functionName: 'getAgentWallet' })),
    ])
    return asked.flatMap((one) => ('passed' in one && one.passed !== zeroAddress ? [one.passed] : []))
  }

  /** Nothing about a run below either could be relayed afterwards. */
  function assertReward(reward: bigint) {
    const small = refusalOfPost(reward, leastPost) ?? refusalOfPost(reward, leastReward)
    if (small) throw small
  }

  async function assertMayUnstake(agentId: bigint, signer: Address) {
    const expected = [...new Set(await unstakersOf(agentId))]
    if (expected.length === 0 || expected.some((account) => isAddressEqual(account, signer))) return
    const detail = `${signer} is neither the owner nor the wallet of agent ${agentId}.`
    throw new Refusal('SIGNER_MISMATCH', detail, { extensions: { signer, expected } })
  }

  async function examine(action: NamedAction<AccountMessage>, requester: Requester) {
    const { message } = action.request
    const { party, deadline } = message
    if (message.action === 'post') assertReward(message.members.reward)
    const head = await heads.latest()
    const now = nextTimestamp(head)
    if (deadline < now) throw signatureExpired(deadline, now)
    if (isExpiring(deadline, head)) throw signatureExpiring('action', deadline, deadline - now, MIN_VALIDITY_SECONDS)
    const latest = now + LONGEST_VALIDITY_SECONDS[message.action]
    if (deadline > latest) throw signatureTooLong(message, latest)
    const by = await checkSignature(action, hasCode, requester)
    if (!by) throw invalidSignature(message)
    if (message.action === 'unstake') await assertMayUnstake(message.members.agentId, party)
    const unsupported = message.action === 'register' ? await refusalOfRegistry() : undefined
    if (unsupported) throw unsupported
    // The registry calls an owner with code, and USDC a payer with code, though its key has signed.
    const runsWalletCode = by === 'contract' || (message.action !== 'unstake' && (await hasCode(party)))
    if (!isFunding(message)) return { agentId: undefined, runsWalletCode }
    // What leaves the account after the head counts twice, as spent and as pending, until the next look.
    const balance = await readBalance(read, contracts.USDC, party)
    return { agentId: undefined, runsWalletCode, funds: { balance, block: head.number } }
  }

  return {
    examine,
    isSigned: async (action, requester) => (await checkSignature(action, hasCode, requester)) !== undefined,
  }
}
