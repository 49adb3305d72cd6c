import { type Address, encodeFunctionData, parseEventLogs, parseUnits, zeroAddress } from 'viem'
import { bountyMarketAbi } from '../abis/BountyMarket.ts'
import type { Deployment } from '../src/api/deployment.ts'
import { accountOf, roles } from './accounts.ts'
import { contentId } from './contentId.ts'
import { agents, type DemoRun } from './demoMarket.ts'
import type { Play } from './history.ts'
import { idOf } from './playAgent.ts'
import type { Timeline } from './timeline.ts'

const day = 86_400

type Party = 'poster' | 'evaluator' | 'agent' | 'stranger'

/** The events without an argument or hash: the party that acts, and the function that it calls. */
const simpleEvents = {
  withdraw: ['poster', 'withdrawBounty'],
  expire: ['stranger', 'expireBounty'],
  approve: ['evaluator', 'approveWork'],
  reject: ['evaluator', 'rejectWork'],
  rejectOverdue: ['evaluator', 'rejectOverdue'],
  abandon: ['agent', 'abandonClaim'],
  slash: ['poster', 'slashExpired'],
  slashAndWithdraw: ['poster', 'slashAndWithdraw'],
  start: ['agent', 'startWork'],
  finalize: ['agent', 'finalizeReview'],
} as const

/** Plays a demo run's history. Its creation adds its id to `bountyIds`. */
export function playRun(
  timeline: Timeline,
  { BountyMarket }: Deployment['contracts'],
  { title, poster, evaluator = poster, reward, openFor = 30, workHours = 0, stakePercent = 0 }: DemoRun,
  agentIds: ReadonlyMap<string, bigint>,
  bountyIds: Map<string, bigint>,
): Play {
  const posterAddress = accountOf(poster).address
  const evaluatorAddress = accountOf(evaluator).address
  let bountyId = 0n
  let claimant: Address | undefined

  async function post(at: number, functionName: 'createBounty' | 'postBounty') {
    const deadline = BigInt(at + openFor * day)
    const terms = {
      workPeriod: workHours * 3_600,
      stakePercent,
      evaluator: evaluator === poster ? zeroAddress : evaluatorAddress,
    }
    const args = [contentId(title), parseUnits(String(reward), 6), deadline, terms] as const
    const { logs } = await send(at, 'poster', encodeFunctionData({ abi: bountyMarketAbi, functionName, args }))
    for (const { args } of parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })) {
      bountyId = args.bountyId
      bountyIds.set(title, bountyId)
    }
  }

  async function claim(at: number, name: string) {
    claimant = walletOf(name)
    const args = [bountyId, idOf(agentIds, name)] as const
    await send(at, 'agent', encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBounty', args }))
  }

  function send(at: number, party: Party, data: `0x${string}`) {
    const stranger = accountOf(roles.relayer).address
    const from = { poster: posterAddress, evaluator: evaluatorAddress, agent: claimant, stranger }[party]
    if (!from) throw new Error(`An agent acts on '${title}' before it is claimed`)
    return timeline.send(at, { from, to: BountyMarket, data })
  }

  return async (at, { name, argument }) => {
    const abi = bountyMarketAbi
    if (name === 'create') await post(at, 'createBounty')
    else if (name === 'post') await post(at, 'postBounty')
    else if (name === 'claim' && argument) await claim(at, argument)
    else if (name === 'submit') {
      const args = [bountyId, contentId(`${title}, delivered at ${at}`)] as const
      await send(at, 'agent', encodeFunctionData({ abi, functionName: 'submitWork', args }))
    } else if (name === 'requestRevision') {
      const args = [bountyId, contentId(`${title}, feedback at ${at}`)] as const
      await send(at, 'evaluator', encodeFunctionData({ abi, functionName: 'requestRevision', args }))
    } else {
      const [party, functionName] = simpleEvent(name)
      await send(at, party, encodeFunctionData({ abi, functionName, args: [bountyId] }))
    }
  }
}

function simpleEvent(name: string) {
  if (name in simpleEvents) return simpleEvents[name as keyof typeof simpleEvents]
  throw new Error(`'${name}' is not an event of a run`)
}

function walletOf(name: string): Address {
  const agent = agents.find((candidate) => candidate.name === name)
  if (!agent) throw new Error(`No demo agent is called ${name}`)
  return accountOf(agent.account).address
}
