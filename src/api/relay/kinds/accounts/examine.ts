import { type Address, formatUnits, isAddressEqual } from 'viem'
import type { Deployment } from '../../../../../core/deployment.ts'
import type { Requester } from '../../../../../core/fairLane.ts'
import { type AccountMessage, accountDigest, isFunding } from '../../../../../core/market/accountActions.ts'
import { LONGEST_VALIDITY_SECONDS } from '../../../../../core/market/accountRules.ts'
import type { Intake } from '../../chain/intake.ts'
import { nextTimestamp } from '../../chain/nextBlock.ts'
import type { SignatureCheck } from '../../chain/signatures.ts'
import type { PipelineContext } from '../../pipeline/context.ts'
import { Refusal } from '../../refusal.ts'
import type { Examination, Look } from '../kind.ts'
import { refusalOfDeadline } from '../refusal.ts'
import { type ActionRequest, wordOf } from '../request.ts'
import { type ReadContracts, type RegistryCheck, readBalance } from './contracts.ts'

/**
 * Reads in the index which accounts may unstake: the agent's owner and wallet. None if there is no such agent.
 * @param block which the index must have: it waits for it.
 * @throws Refusal RELAY_UNAVAILABLE if the index cannot be read.
 */
export type IndexedUnstakers = (agentId: bigint, block?: bigint) => Promise<Address[]>

/**
 * - `readContracts`: what the messages are about.
 * - `leastPost`: the smallest reward of a run that the relay posts, in USDC base units.
 * - `refusalOfRegistry`: why the registry registers no agent for another account.
 * - `indexedUnstakers`: what it refuses asks no node.
 */
type Options = {
  deployment: Deployment
  readContracts: ReadContracts
  leastPost: bigint
  refusalOfRegistry: RegistryCheck
  indexedUnstakers: IndexedUnstakers
}

/** Checks the signature of an action of an account before it is simulated. */
export function createAccountExamination(
  { heads, leastReward }: Pick<PipelineContext, 'heads' | 'leastReward'>,
  intake: Intake,
  checkSignature: SignatureCheck,
  { deployment: { contracts }, readContracts, leastPost, refusalOfRegistry, indexedUnstakers }: Options,
): Examination<AccountMessage> {
  const { hasCode, read } = intake

  /** Nothing about a run below either could be relayed afterwards. */
  function assertReward(reward: bigint) {
    const small = refusalOfPost(reward, leastPost) ?? refusalOfPost(reward, leastReward)
    if (small) throw small
  }

  /** What the index refuses asks no node, and is refused at a head that was read at `since` or later. */
  async function assertMayUnstake(agentId: bigint, signer: Address, since: number) {
    const mayBeAmong = (all: readonly Address[]) =>
      all.length === 0 || all.some((account) => isAddressEqual(account, signer))
    if (mayBeAmong(await indexedUnstakers(agentId))) return
    const { number } = await heads.since(since)
    const expected = [...new Set(await indexedUnstakers(agentId, number))]
    if (mayBeAmong(expected)) return
    const detail = `${signer} is neither the owner nor the wallet of agent ${agentId}.`
    throw new Refusal('SIGNER_MISMATCH', detail, { extensions: { signer, expected } })
  }

  /** What accepts the signature of the message; undefined if nothing does. */
  const signedBy = async (request: ActionRequest<AccountMessage>, requester: Requester) =>
    checkSignature(wordOf(accountDigest(await readContracts(), request.message), request), hasCode, requester)

  async function examine(request: ActionRequest<AccountMessage>, requester: Requester, { since }: Look) {
    const { message } = request
    const { party, deadline } = message
    if (message.action === 'post') assertReward(message.members.reward)
    const head = await heads.latest()
    const late = refusalOfDeadline(message, head)
    if (late) throw late
    const latest = nextTimestamp(head) + LONGEST_VALIDITY_SECONDS[message.action]
    if (deadline > latest) throw signatureTooLong(message, latest)
    const by = await signedBy(request, requester)
    if (!by) throw invalidSignature(message)
    if (message.action === 'unstake') await assertMayUnstake(message.members.agentId, party, since)
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
    isSigned: async (request, requester) => (await signedBy(request, requester)) !== undefined,
  }
}

export const invalidSignature = ({ action, party }: AccountMessage): Refusal =>
  new Refusal('INVALID_SIGNATURE', `The signature is not ${party}’s of this message of ${action}.`)

/** @param latest the latest deadline that the relay takes now, in seconds. */
const signatureTooLong = ({ deadline }: AccountMessage, latest: bigint): Refusal =>
  new Refusal('SIGNATURE_EXPIRED', `The signature is valid until ${deadline}; ${latest} is the latest accepted now.`, {
    extensions: { deadline: String(deadline), latest: String(latest) },
  })

/** Why the relay posts no run with so small a reward; undefined if it does. Both in USDC base units. */
export function refusalOfPost(reward: bigint, least: bigint): Refusal | undefined {
  if (reward >= least) return undefined
  const [paid, required] = [reward, least].map((amount) => formatUnits(amount, 6))
  const detail = `The run pays ${paid} USDC, and runs are posted from ${required} USDC on. Send it with the wallet.`
  return new Refusal('REWARD_TOO_LOW', detail, { extensions: { reward: String(reward), required: String(least) } })
}
