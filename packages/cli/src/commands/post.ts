import { type Address, parseEventLogs, zeroAddress } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Context } from '../action.ts'
import { formatUsdc } from '../arguments.ts'
import { assertFunding, openSession, relayOptions, type Session } from '../session.ts'
import { approvalFor, type Call } from '../transact.ts'
import { changeRun, showState } from './changeRun.ts'
import type { RelayOptions } from './relay.ts'

export type PostOptions = RelayOptions & {
  /** USDC base units. */
  reward: bigint
  /** How long the run can be claimed, in seconds. */
  deadline: number
  /** Seconds; absent for the market’s default. */
  workPeriod?: number
  stakePercent?: number
  evaluator?: Address
  claimant?: Address
  /** Whether the run is created without its escrow. */
  draft?: boolean
}

const BPS = 10_000n

export async function post(context: Context<PostOptions>, ipfsHash: string) {
  const { reward, draft, relay, dryRun, output } = context
  const { workPeriod = 0, stakePercent = 0, evaluator = zeroAddress, claimant = zeroAddress } = context
  const session = await openSession(context)
  const { market } = session.contracts
  const fee = await posterFee(session, reward)
  // The chain’s clock: the market compares the deadline with it.
  const { timestamp } = await session.node.getBlock()
  const deadline = timestamp + BigInt(context.deadline)
  const amounts = `${formatUsdc(reward)} and a fee of ${formatUsdc(fee)}`
  // A dry run shows what the call would do, which is the same.
  if (relay && !draft && !dryRun) {
    assertFunding(session)
    const terms = { ipfsHash, reward, deadline, workPeriod, stakePercent, evaluator, claimant }
    const posted = await session.runline.runs.post(terms, relayOptions(session))
    const { run, txHash, blockNumber } = posted
    output.transaction({ action: `post a run of ${amounts}`, txHash, blockNumber })
    showState(context, run)
    return output.result({ run })
  }
  const calls: Call[] = [
    ...(draft ? [] : await approvalFor(session, market, reward + fee)),
    {
      action: draft ? `create a run of ${amounts}` : `post a run of ${amounts}`,
      address: market,
      functionName: draft ? 'createBounty' : 'postBounty',
      args: [ipfsHash, reward, deadline, { workPeriod, stakePercent, evaluator, claimant }],
    },
  ]
  await changeRun(session, context, calls, ({ logs }) => {
    const [created] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })
    if (!created) throw new Error(`The market ${market} emitted no event BountyCreated.`)
    return created.args.bountyId
  })
}

export async function fund(context: Context, id: bigint) {
  const session = await openSession(context)
  const { market } = session.contracts
  // Of the chain: the API must not decide the amount that the account approves.
  const { reward } = await session.node.readContract({
    address: market,
    abi: bountyMarketAbi,
    functionName: 'getBounty',
    args: [id],
  })
  const escrow = reward + (await posterFee(session, reward))
  const calls: Call[] = [
    ...(await approvalFor(session, market, escrow)),
    { action: `fund run ${id} with ${formatUsdc(escrow)}`, address: market, functionName: 'fundBounty', args: [id] },
  ]
  await changeRun(session, context, calls, () => id)
}

/** What the poster pays besides the reward, in USDC base units. The market rounds it down. */
async function posterFee({ node, contracts: { market } }: Session, reward: bigint): Promise<bigint> {
  const feeBps = await node.readContract({ address: market, abi: bountyMarketAbi, functionName: 'FEE_BPS' })
  return (reward * feeBps) / BPS
}
