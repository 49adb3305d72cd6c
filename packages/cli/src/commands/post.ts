import { type Address, parseEventLogs, zeroAddress } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { endOfSalt, SALT_SECONDS } from '../../../../core/market/salt.ts'
import type { Context } from '../action.ts'
import { formatUsdc } from '../arguments.ts'
import { asks, type Confirmed, confirm } from '../confirm.ts'
import { assertFunding, isRelayed, openSession, relayOptions, type Session } from '../session.ts'
import { approvalFor, type Call } from '../transact.ts'
import { changeRun, showState } from './changeRun.ts'
import type { SaltOptions } from './relay.ts'

export type PostOptions = SaltOptions &
  Confirmed & {
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

/** @param named what the user gave: a URI, or a file. @param store returns the URI of the file, once it is stored. */
export async function post(context: Context<PostOptions>, named: string, store: () => Promise<string>) {
  const { reward, draft, salt, output } = context
  const { workPeriod = 0, stakePercent = 0, evaluator = zeroAddress, claimant = zeroAddress } = context
  const session = await openSession(context)
  const { market } = session.contracts
  const fee = await posterFee(session, reward)
  // The chain’s clock, with which the market compares the deadline; of a salt its own, so that a repetition has the same terms.
  const { timestamp } = await session.node.getBlock()
  const start = salt ? endOfSalt(salt) - BigInt(SALT_SECONDS) : timestamp
  const deadline = start + BigInt(context.deadline)
  const amounts = `${formatUsdc(reward)} and a fee of ${formatUsdc(fee)}`
  const rows = [
    `  brief       ${named}`,
    `  claim by    ${new Date(Number(deadline) * 1_000).toISOString()}`,
    `  to deliver  ${workPeriod === 0 ? '7 days' : `${workPeriod / 3_600} hours`}`,
    `  stake       ${stakePercent === 0 ? 'the market’s default' : `${stakePercent} % of the reward`}`,
    `  evaluator   ${evaluator === zeroAddress ? 'you' : evaluator}`,
    `  claimant    ${claimant === zeroAddress ? 'any wallet' : claimant}`,
  ]
  if (asks(context)) for (const row of rows) output.line(row)
  await confirm(context, `${draft ? 'Create' : 'Post'} a run of ${amounts}?`)
  const ipfsHash = await store()
  if (!draft && (await isRelayed(context, session))) {
    assertFunding(session)
    const terms = { ipfsHash, reward, deadline, workPeriod, stakePercent, evaluator, claimant }
    const posted = await session.runline.runs.post(terms, { ...relayOptions(session), salt })
    const { run, txHash, blockNumber, actionId } = posted
    output.transaction({ action: `post a run of ${amounts}`, txHash, blockNumber, actionId })
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
