import { type Hash, parseEventLogs, type TransactionReceipt } from 'viem'
import type { Agent } from '../../test/support/participants.ts'
import { contentId } from '../devnet/contentId.ts'
import type { GasMarket, SignedClaim } from './gasMarket.ts'

/** Set, because Anvil estimates the least gas without a revert, and a batch that runs out of gas does not revert. */
const batchGas = 16_000_000n

/** The calls of posters, agents and the relayer. `receipts` has the last receipt of each call, by its name. */
export function runsOf({ market, staking, poster, relayer, mined, termsOfRun, signClaim, passAWeek }: GasMarket) {
  const receipts = new Map<string, TransactionReceipt>()
  const { write } = market
  const byPoster = { account: poster }
  const by = ({ wallet }: Agent) => ({ account: wallet.address })

  async function keep(name: string, sent: Promise<Hash>) {
    const receipt = await mined(() => sent)
    receipts.set(name, receipt)
    return receipt
  }

  async function post(): Promise<bigint> {
    return bountyOf(await keep('postBounty', write.postBounty(await termsOfRun(), byPoster)))
  }

  const claim = (bountyId: bigint, agent: Agent) =>
    keep('claimBounty', write.claimBounty([bountyId, agent.id], by(agent)))

  async function postClaimed(agent: Agent): Promise<bigint> {
    const bountyId = await post()
    await claim(bountyId, agent)
    return bountyId
  }

  const submit = (bountyId: bigint, agent: Agent) =>
    keep('submitWork', write.submitWork([bountyId, contentId('deliverable')], by(agent)))

  function bountyOf({ logs }: TransactionReceipt): bigint {
    const [created] = parseEventLogs({ abi: market.abi, eventName: 'BountyCreated', logs })
    if (!created) throw new Error('No run was created')
    return created.args.bountyId
  }

  return {
    receipts,
    postClaimed,

    async draft() {
      const bountyId = bountyOf(await keep('createBounty', write.createBounty(await termsOfRun(), byPoster)))
      await keep('fundBounty', write.fundBounty([bountyId], byPoster))
      await keep('withdrawBounty', write.withdrawBounty([bountyId], byPoster))
    },

    async live(agent: Agent) {
      const bountyId = await postClaimed(agent)
      await submit(bountyId, agent)
      await keep('approveWork', write.approveWork([bountyId, 0], byPoster))
    },

    async claimForAnother(agent: Agent) {
      const { bountyId, agentId, wallet, deadline, signature } = await signClaim(await post(), agent)
      const signed = write.claimBountyWithSig([bountyId, agentId, wallet, deadline, signature], { account: relayer })
      await keep('claimBountyWithSig', signed)
      const unsigned = write.claimBountyFor([await post(), agent.id, agent.wallet.address], { account: relayer })
      await keep('claimBountyFor', unsigned)
    },

    /** One claim of each agent in one transaction. */
    async claimBatch(agents: readonly Agent[]) {
      const claims: SignedClaim[] = []
      for (const agent of agents) claims.push(await signClaim(await post(), agent))
      const name = `claimBatch of ${agents.length}`
      const { logs } = await keep(name, write.claimBatch([claims], { account: relayer, gas: batchGas }))
      const claimed = parseEventLogs({ abi: market.abi, eventName: 'BountyClaimed', logs }).length
      if (claimed !== agents.length) throw new Error(`Only ${claimed} of ${agents.length} batched claims were made`)
    },

    async reject(agent: Agent) {
      const bountyId = await postClaimed(agent)
      await keep('startWork', write.startWork([bountyId], by(agent)))
      await submit(bountyId, agent)
      for (let revision = 1; revision <= 3; revision++) {
        await keep('requestRevision', write.requestRevision([bountyId, contentId('feedback')], byPoster))
        await submit(bountyId, agent)
      }
      await keep('rejectWork', write.rejectWork([bountyId], byPoster))
    },

    /** Lets time limits pass: of the review of `reviewed`'s work, and of the work of the two others. */
    async timeOut(reviewed: Agent, slashed: Agent, withdrawn: Agent) {
      const submitted = await postClaimed(reviewed)
      await submit(submitted, reviewed)
      const late = await postClaimed(slashed)
      const later = await postClaimed(withdrawn)
      await passAWeek()
      await keep('finalizeReview', write.finalizeReview([submitted], by(reviewed)))
      await keep('slashExpired', write.slashExpired([late], byPoster))
      await keep('slashAndWithdraw', write.slashAndWithdraw([later], byPoster))
    },

    /** A run with its own terms, which take one more slot, and the endings without the poster's approval. */
    async endOtherwise(agent: Agent) {
      const [hash, reward, deadline] = await termsOfRun()
      const terms = { workPeriod: 86_400, stakePercent: 20, evaluator: relayer }
      const posted = await keep('postBounty, own terms', write.postBounty([hash, reward, deadline, terms], byPoster))
      const own = bountyOf(posted)
      await keep('claimBounty, own terms', write.claimBounty([own, agent.id], by(agent)))
      await submit(own, agent)
      await keep('approveWork, by an evaluator', write.approveWork([own, 0], { account: relayer }))

      await keep('abandonClaim', write.abandonClaim([await postClaimed(agent)], by(agent)))
      const revised = await postClaimed(agent)
      await submit(revised, agent)
      await keep('requestRevision', write.requestRevision([revised, contentId('feedback')], byPoster))
      await passAWeek()
      await keep('rejectOverdue', write.rejectOverdue([revised], byPoster))
    },

    async stake(agent: Agent) {
      await keep('stake', staking.write.stake([agent.id, 1_000_000n], by(agent)))
      await keep('unstake', staking.write.unstake([agent.id, 1_000_000n], by(agent)))
    },
  }
}
