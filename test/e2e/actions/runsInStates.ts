import { type Address, type LocalAccount, zeroAddress } from 'viem'
import { hasMember, type RunActionName, type RunMessage, runTypedData } from '../../../core/market/runActions.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import type { TestChain } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'

export const poster = accountOf(roles.deployer)

/** How a run gets into a state: what the parties call after each other. */
const paths = {
  OPEN: [],
  RESERVED: [],
  CLAIMED: ['claim'],
  IN_PROGRESS: ['claim', 'start'],
  SUBMITTED: ['claim', 'submit'],
  REVISION_REQUESTED: ['claim', 'submit', 'revise'],
  LAST_SUBMITTED: ['claim', 'submit', 'revise', 'submit', 'revise', 'submit', 'revise', 'submit'],
  APPROVED: ['claim', 'submit', 'approve'],
  DRAFT: ['close'],
  CLOSING: ['claim', 'close'],
  REOPENED: ['claim', 'abandon', 'claim'],
} as const

/** A state of a run with what its rules depend on. LAST_SUBMITTED: no revision is left. RESERVED: open, for no wallet yet. */
export type Situation = keyof typeof paths

export const situations = Object.keys(paths) as Situation[]

/** Runs in any state, by transactions of the parties, and what the parties sign about them. */
export async function runsOn(chain: TestChain) {
  const people = participantsOf(chain)
  const agent = await people.newAgent(accountOf(2), 10_000n * usdc)
  const { market, deployment } = chain
  const wallet = agent.wallet

  async function call(step: (typeof paths)[Situation][number], runId: bigint, evaluator: Address) {
    const by = (account: Address) => ({ account })
    const reviewer = by(evaluator === zeroAddress ? poster.address : evaluator)
    const { revisions } = await market.read.getBounty([runId])
    await people.mined(() => {
      switch (step) {
        case 'claim':
          return market.write.claimBounty([runId, agent.id], by(wallet.address))
        case 'start':
          return market.write.startWork([runId], by(wallet.address))
        case 'submit':
          return market.write.submitWork([runId, 'ipfs://work'], by(wallet.address))
        case 'abandon':
          return market.write.abandonClaim([runId], by(wallet.address))
        case 'revise':
          return market.write.requestRevision([runId, 'ipfs://feedback'], reviewer)
        case 'approve':
          return market.write.approveWork([runId, revisions], by(poster.address))
        case 'close':
          return market.write.closeBounty([runId], by(poster.address))
      }
    })
  }

  return {
    people,
    agent,

    /** A new run in this state. @param evaluator the zero address if the poster evaluates. */
    async runIn(situation: Situation, evaluator: Address = zeroAddress, reward = 10n * usdc): Promise<bigint> {
      await people.fund(poster.address, market.address, reward + reward / 20n)
      const deadline = (await people.now()) + 86_400n
      const claimant = situation === 'RESERVED' ? poster.address : zeroAddress
      const terms = { ...defaultTerms, evaluator, claimant }
      await people.mined(() => market.write.postBounty(['ipfs://run', reward, deadline, terms]))
      const runId = await market.read.bountyCount()
      for (const step of paths[situation]) await call(step, runId, evaluator)
      return runId
    },

    call,

    /** A message about the run as it is now, which the account would sign, valid for ten minutes. */
    async messageOf(
      action: RunActionName,
      bountyId: bigint,
      party: Address,
      changes: Partial<RunMessage> = {},
    ): Promise<RunMessage> {
      const { round, revisions, namings } = await market.read.getBounty([bountyId])
      const text = action === 'submit' ? 'ipfs://work' : action === 'revise' ? 'ipfs://feedback' : ''
      const isRounded = hasMember(action, 'round')
      return {
        action,
        bountyId,
        party,
        round: isRounded ? BigInt(round) : 0n,
        revision: isRounded && action !== 'start' ? BigInt(revisions) : 0n,
        text,
        ...(action === 'name-claimant' && { naming: BigInt(namings), claimant: wallet.address }),
        deadline: (await people.now()) + 600n,
        ...changes,
      }
    },

    /** The message with the account's signature. */
    async signed(message: RunMessage, account: LocalAccount): Promise<ActionRequest<RunMessage>> {
      const market = { chainId: deployment.chainId, address: deployment.contracts.BountyMarket }
      const signature = await account.signTypedData(runTypedData(market, message) as never)
      return { message, signature }
    },
  }
}

export type Runs = Awaited<ReturnType<typeof runsOn>>
