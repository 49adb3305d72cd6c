import { type Address, parseEventLogs, parseUnits } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../core/deployment.ts'
import { accountOf, roles } from './accounts.ts'
import { callOf } from './call.ts'
import { defaultTerms } from './defaultTerms.ts'
import { agents, type DemoRun } from './demoMarket.ts'
import { type DemoTexts, demoBrief, nameText } from './demoTexts.ts'
import { idOf } from './playAgent.ts'
import type { Play, Timeline } from './timeline.ts'

const day = 86_400

type Party = 'poster' | 'evaluator' | 'agent' | 'stranger'

/** The events without an argument or hash: the party that acts, and the function that it calls. */
const simpleEvents = {
  close: ['poster', 'closeBounty'],
  expire: ['stranger', 'expireBounty'],
  reject: ['evaluator', 'rejectWork'],
  rejectOverdue: ['evaluator', 'rejectOverdue'],
  abandon: ['agent', 'abandonClaim'],
  slash: ['poster', 'slashExpired'],
  start: ['agent', 'startWork'],
  finalize: ['agent', 'finalizeReview'],
} as const

/** Plays a demo run's history. Its creation adds its id to `bountyIds`, and what it names is added to `texts`. */
export function playRun(
  timeline: Timeline,
  { BountyMarket }: Deployment['contracts'],
  { title, poster, evaluator = poster, reward, openFor = 30, workHours = 0, stakePercent = 0, ...run }: DemoRun,
  agentIds: ReadonlyMap<string, bigint>,
  bountyIds: Map<string, bigint>,
  texts: DemoTexts,
): Play {
  const market = { address: BountyMarket, abi: bountyMarketAbi }
  const posterAddress = accountOf(poster).address
  const evaluatorAddress = accountOf(evaluator).address
  let bountyId = 0n
  let claimant: Address | undefined
  let revisions = 0
  let lastDelivery = 0

  function addressOf(party: Party): Address {
    const stranger = accountOf(roles.relayer).address
    const address = { poster: posterAddress, evaluator: evaluatorAddress, agent: claimant, stranger }[party]
    if (!address) throw new Error(`An agent acts on '${title}' before it is claimed`)
    return address
  }

  async function callFor(at: number, event: string) {
    if (event === 'create' || event === 'post') {
      const deadline = BigInt(at + openFor * day)
      const terms = {
        ...defaultTerms,
        workPeriod: workHours * 3_600,
        stakePercent,
        ...(evaluator !== poster && { evaluator: evaluatorAddress }),
        ...(run.reservedFor && { claimant: walletOf(run.reservedFor) }),
      }
      const brief = await nameText(texts, 'application/json', demoBrief(title, run.checks))
      const args = [brief, parseUnits(String(reward), 6), deadline, terms] as const
      return callOf(posterAddress, market, `${event}Bounty`, args)
    }
    if (event === 'submit') {
      lastDelivery = revisions
      const delivery = `# ${title}\n\nDelivery ${revisions + 1} of the demo market.\n`
      const args = [bountyId, await nameText(texts, 'text/markdown', delivery)] as const
      return callOf(addressOf('agent'), market, 'submitWork', args)
    }
    if (event === 'requestRevision') {
      revisions++
      const feedback = `Request ${revisions} for a revision of “${title}”: please check it again.\n`
      const args = [bountyId, await nameText(texts, 'text/plain', feedback)] as const
      return callOf(evaluatorAddress, market, 'requestRevision', args)
    }
    if (event === 'approve') return callOf(evaluatorAddress, market, 'approveWork', [bountyId, lastDelivery])
    const [party, functionName] = simpleEvent(event)
    return callOf(addressOf(party), market, functionName, [bountyId])
  }

  return async (at, event, agent) => {
    if (event === 'claim') {
      claimant = walletOf(agent)
      revisions = 0
      lastDelivery = 0
      await timeline.send(at, callOf(claimant, market, 'claimBounty', [bountyId, idOf(agentIds, agent)]))
      return
    }
    const { logs } = await timeline.send(at, await callFor(at, event))
    for (const { args } of parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })) {
      bountyId = args.bountyId
      bountyIds.set(title, bountyId)
    }
  }
}

function simpleEvent(name: string) {
  if (name in simpleEvents) return simpleEvents[name as keyof typeof simpleEvents]
  throw new Error(`'${name}' is not an event of a run`)
}

/** The wallet of the demo agent. @throws if there is none of this name. */
export function walletOf(name: string): Address {
  const agent = agents.find((candidate) => candidate.name === name)
  if (!agent) throw new Error(`No demo agent is called ${name}`)
  return accountOf(agent.account).address
}
