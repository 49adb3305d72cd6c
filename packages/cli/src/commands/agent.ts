import { type Command, Option } from 'commander'
import { type Address, parseEventLogs } from 'viem'
import { agentRegistryAbi } from '../../../../abis/AgentRegistry.ts'
import type { AgentAction, AgentQuery, AgentStake } from '../../../client/src/index.ts'
import { action, type Context } from '../action.ts'
import { formatUsdc, parseAddress, parseId, parseLimit, parsePage, parseUsdc } from '../arguments.ts'
import { agentOnChain, assertFunding, isRelayed, openSession, relayOptions, type Session } from '../session.ts'
import { approvalFor, type Call, transact } from '../transact.ts'
import { openReads, showProof, type Verified, verifyOption } from '../verified.ts'
import { type RelayOptions, relay, type SaltOptions, salt } from './relay.ts'

type Status = NonNullable<AgentQuery['status']>

const statuses: readonly Status[] = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED']

/** `owner`: the account that the stake of the agent belongs to. */
type StakeOptions = SaltOptions & { owner?: Address }

type ListOptions = { status?: Status; staked?: boolean; limit: number; page: number } & Verified

export function addAgentCommands(agent: Command) {
  agent
    .command('register')
    .description('register an agent; the key’s account becomes its owner and wallet')
    .argument('<agentURI>', 'where its ERC-8004 registration file is')
    .addOption(relay())
    .addOption(salt())
    .action(action<SaltOptions, [string]>(register))

  agent
    .command('stake')
    .description('stake USDC for an agent; approves the amount where needed')
    .argument('<agent>', 'the agent’s id', parseId)
    .argument('<amount>', 'whole USDC', parseUsdc)
    .option('--owner <address>', 'the agent’s owner, with --relay; you if absent', parseAddress)
    .addOption(relay())
    .addOption(salt())
    .action(action<StakeOptions, [bigint, bigint]>(stake))

  agent
    .command('unstake')
    .description('pay stake back to the agent’s owner')
    .argument('<agent>', 'the agent’s id', parseId)
    .argument('<amount>', 'whole USDC', parseUsdc)
    .addOption(relay())
    .action(action<RelayOptions, [bigint, bigint]>(unstake))

  agent
    .command('list')
    .description('list agents, by id')
    .addOption(new Option('--status <status>', 'only agents with this status').choices(statuses))
    .option('--staked', 'only agents with a stake')
    .option('--limit <count>', 'how many', parseLimit, 20)
    .option('--page <number>', 'which page', parsePage, 1)
    .addOption(verifyOption())
    .action(action<ListOptions, []>(list))

  agent
    .command('show')
    .description('show an agent')
    .argument('<agent>', 'the agent’s id', parseId)
    .addOption(verifyOption())
    .action(
      action<Verified, [bigint]>(async (context, id) =>
        show(context, await (await openReads(context)).agents.getStakeInfo(id)),
      ),
    )
}

async function list(context: Context<ListOptions>) {
  const { status, staked, limit, page, output } = context
  const query = { limit, page, ...(status && { status }), ...(staked && { staked: 'true' as const }) }
  const answer = await (await openReads(context)).agents.list(query)
  for (const { id, status, stakedAmount, completions, slashes } of answer.agents) {
    const record = `${completions} completed, ${slashes} slashed`
    output.line(`${String(id).padStart(6)}  ${status.padEnd(11)}  ${formatUsdc(stakedAmount).padStart(16)}  ${record}`)
  }
  output.line(`${answer.agents.length} of ${answer.pagination.total} agents`)
  output.result({ ...answer, ...showProof(output, answer) })
}

async function register(context: Context<SaltOptions>, agentURI: string) {
  const session = await openSession(context)
  const action = `register an agent for ${session.node.account.address}`
  if (await isRelayed(context, session)) {
    const { agents } = session.runline
    const by = { ...relayOptions(session), salt: context.salt }
    return showRelayed(context, session, action, await agents.register(agentURI, by))
  }
  const receipt = await transact(session, context, [
    {
      action,
      address: session.contracts.registry,
      functionName: 'register',
      args: [agentURI],
    },
  ])
  if (!receipt) return context.output.result({ dryRun: true })
  const [registered] = parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs: receipt.logs })
  if (!registered) throw new Error(`The registry ${session.contracts.registry} emitted no event Registered.`)
  const minBlock = Number(receipt.blockNumber)
  show(context, await session.runline.agents.getStakeInfo(registered.args.agentId, { minBlock }))
}

async function stake(context: Context<StakeOptions>, id: bigint, amount: bigint) {
  const session = await openSession(context)
  const address = session.contracts.staking
  const action = `stake ${formatUsdc(amount)} for agent ${id}`
  if (await isRelayed(context, session)) {
    assertFunding(session)
    const { agents } = session.runline
    const by = { ...relayOptions(session), salt: context.salt }
    const agent = context.owner === undefined ? id : { id, ownerAddress: context.owner }
    return showRelayed(context, session, action, await agents.stake(agent, amount, by))
  }
  await change(session, context, id, [
    ...(await approvalFor(session, address, amount)),
    { action, address, functionName: 'stake', args: [id, amount] },
  ])
}

async function unstake(context: Context<RelayOptions>, id: bigint, amount: bigint) {
  const session = await openSession(context)
  const address = session.contracts.staking
  const action = `unstake ${formatUsdc(amount)} of agent ${id}`
  if (await isRelayed(context, session)) {
    const { agents } = session.runline
    return showRelayed(
      context,
      session,
      action,
      await agents.unstake(await agentOnChain(session, id), amount, relayOptions(session)),
    )
  }
  await change(session, context, id, [{ action, address, functionName: 'unstake', args: [id, amount] }])
}

/** Shows the agent after an action that the API has sent. */
async function showRelayed(context: Context, { runline }: Session, action: string, relayed: AgentAction) {
  const { agent, txHash, blockNumber, actionId } = relayed
  context.output.transaction({ action, txHash, blockNumber, actionId })
  show(context, await runline.agents.getStakeInfo(agent.id, { minBlock: blockNumber }))
}

/** Sends the calls, and shows the agent after them. */
async function change(session: Session, context: Context, id: bigint, calls: Call[]) {
  const receipt = await transact(session, context, calls)
  if (!receipt) return context.output.result({ dryRun: true })
  show(context, await session.runline.agents.getStakeInfo(id, { minBlock: Number(receipt.blockNumber) }))
}

function show({ output }: Context, agent: AgentStake) {
  const { id, status, stakedAmount, lockedAmount, completions, slashes, volume, walletAddress } = agent
  output.line(
    `Agent ${id} is ${status}, with ${formatUsdc(stakedAmount)} at stake, ${formatUsdc(lockedAmount)} locked.`,
  )
  output.line(
    `Its wallet ${walletAddress} has earned ${formatUsdc(volume)}: ${completions} completed, ${slashes} slashed.`,
  )
  if (!agent.canClaimRuns)
    output.line(`It may not claim runs. A claim needs ${formatUsdc(agent.minimumStake)} at stake.`)
  output.result({ agent, ...showProof(output, agent) })
}
