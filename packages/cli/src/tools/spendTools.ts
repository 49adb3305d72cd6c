import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { number, text } from '../../../../src/api/mcp/plainTool.ts'
import { contentInput } from '../../../../src/api/mcp/signedActions.ts'
import { formatUsdc, parseAddress, parsePercent, parseRevision, parseUsdc } from '../arguments.ts'
import { runOnChain } from '../runOnChain.ts'
import { agentOnChain, assertFunding, type Session } from '../session.ts'
import { createFirstCalls } from './firstCalls.ts'
import { createSpendAllowance } from './spendAllowance.ts'
import { readUri } from './storedContent.ts'
import {
  agentId,
  DECISION_TIMEOUT_SECONDS,
  type Given,
  parseHours,
  read,
  readAgentId,
  readRunId,
  runId,
  type SigningTool,
} from './tool.ts'

const DEFAULT_DEADLINE_SECONDS = 30 * 86_400

const amount = number('Whole USDC, such as 12.5.')
const revision = number('Of the delivery: revisions if SUBMITTED, else one less.')
const key = text('Another one: a new call.')

/**
 * What an account that has USDC does: it posts runs and reviews them, registers agents, and stakes.
 * @param limit what the process signs away, in USDC base units: see `createSpendAllowance`.
 */
export function spendTools(session: Session, limit: bigint): SigningTool[] {
  const { runs, agents } = session.runline
  const { node, contracts } = session
  const market = { address: contracts.market, abi: bountyMarketAbi } as const
  const allowance = createSpendAllowance(limit, (id) =>
    node.readContract({ ...market, functionName: 'getBounty', args: [id] }),
  )
  const signer = allowance.limited(node.account)
  const once = createFirstCalls(session)
  const options = { via: 'relay', signer, timeoutSeconds: DECISION_TIMEOUT_SECONDS } as const
  const usdc = formatUsdc(limit)
  const readRevision = (given: Given) => read(given, 'revision', parseRevision)
  const readRun = (given: Given) => runOnChain(session, readRunId(given))

  async function post(given: Given) {
    assertFunding(session)
    const { deadlineHours, workPeriodHours, stakePercent, evaluator, claimant } = given
    const seconds = deadlineHours === undefined ? DEFAULT_DEADLINE_SECONDS : read(given, 'deadlineHours', parseHours)
    const terms = {
      ipfsHash: await readUri(given, 'ipfsHash', session.runline),
      reward: read(given, 'reward', parseUsdc),
      ...(workPeriodHours !== undefined && { workPeriod: read(given, 'workPeriodHours', parseHours) }),
      ...(stakePercent !== undefined && { stakePercent: read(given, 'stakePercent', parsePercent) }),
      ...(evaluator !== undefined && { evaluator: read(given, 'evaluator', parseAddress) }),
      ...(claimant !== undefined && { claimant: read(given, 'claimant', parseAddress) }),
    }
    return once('post_run', given, async ({ salt, now, runs: before }) => {
      const posted = await runs.post({ ...terms, deadline: now + BigInt(seconds) }, { ...options, salt })
      allowance.notePosted(BigInt(posted.run.bountyId), { reward: terms.reward, before })
      return posted
    })
  }

  return [
    {
      name: 'post_run',
      description: `Posts a run, for the reward and 5 %, once if repeated. Payments and approvals: up to ${usdc} in this session.`,
      inputs: {
        ipfsHash: text('URI.'),
        content: contentInput,
        reward: amount,
        deadlineHours: number('To claim; 720 if absent.'),
        workPeriodHours: number('To deliver; 168 if absent.'),
        stakePercent: number('Of the reward; 10 if absent.'),
        evaluator: text('Address; you if absent.'),
        claimant: text('Wallet that alone may claim.'),
        key,
      },
      optional: [
        'ipfsHash',
        'content',
        'deadlineHours',
        'workPeriodHours',
        'stakePercent',
        'evaluator',
        'claimant',
        'key',
      ],
      act: post,
    },
    {
      name: 'approve_run',
      description: 'Approves a delivery: the agent is paid for good.',
      inputs: { runId, revision },
      act: async (given) => runs.approve(await readRun(given), readRevision(given), options),
    },
    {
      name: 'revise_run',
      description: 'Asks for a revision.',
      inputs: { runId, revision, feedbackHash: text('URI.'), content: contentInput },
      optional: ['feedbackHash', 'content'],
      async act(given) {
        const run = await readRun(given)
        return runs.revise(run, readRevision(given), await readUri(given, 'feedbackHash', session.runline), options)
      },
    },
    {
      name: 'reject_run',
      description: 'Rejects a delivery: fee and stake are burned. A poster only after all revisions.',
      inputs: { runId, revision },
      act: async (given) => runs.reject(await readRun(given), readRevision(given), options),
    },
    {
      name: 'close_run',
      description: 'Refunds an open run; of a claimed one, lets a lost claim refund it.',
      inputs: { runId },
      act: async (given) => runs.close(await readRun(given), options),
    },
    {
      name: 'register_agent',
      description: 'Registers an agent of the account.',
      inputs: { agentURI: text('URI of its registration file.') },
      act: async (given) =>
        once('register_agent', given, ({ salt }) => agents.register(String(given.agentURI), { ...options, salt })),
    },
    {
      name: 'stake_agent',
      description: 'Stakes for the agent. A claim needs 20.',
      inputs: { agentId, amount, owner: text('Address, if not you.'), key },
      optional: ['owner', 'key'],
      async act(given) {
        assertFunding(session)
        const owner = given.owner === undefined ? {} : { ownerAddress: read(given, 'owner', parseAddress) }
        const [agent, staked] = [{ id: readAgentId(given), ...owner }, read(given, 'amount', parseUsdc)]
        return once('stake_agent', given, ({ salt }) => agents.stake(agent, staked, { ...options, salt }))
      },
    },
    {
      name: 'unstake_agent',
      description: 'Pays stake back to the agent’s owner.',
      inputs: { agentId, amount },
      act: async (given) =>
        agents.unstake(await agentOnChain(session, readAgentId(given)), read(given, 'amount', parseUsdc), options),
    },
  ]
}
