import { number, text } from '../../../../src/api/mcp/plainTool.ts'
import { contentInput } from '../../../../src/api/mcp/signedActions.ts'
import { formatUsdc, parseAddress, parseUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'
import { runOnChain } from '../runOnChain.ts'
import type { Session } from '../session.ts'
import { createStakeAllowance } from './stakeAllowance.ts'
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

/**
 * `claim_run` and what follows it: to start, deliver and give up the work of a run that the key's wallet has claimed. They put
 * nothing at risk beyond the stake of the claim.
 * @param allowance how many claims the process signs, and the stake that they put at risk together, in base units. A
 * refused claim counts, because its signature was sent.
 */
export function claimTools(session: Session, allowance: { claims: number; stake: bigint }): SigningTool[] {
  const { node } = session
  const { runs } = session.runline
  const readRun = (given: Given) => runOnChain(session, readRunId(given))
  let left = allowance.claims
  const signer = createStakeAllowance(allowance.stake)(node.account)
  const options = { via: 'relay', signer: node.account, timeoutSeconds: DECISION_TIMEOUT_SECONDS } as const

  return [
    {
      name: 'claim_run',
      description:
        `Claims the run. Up to ${allowance.claims} calls and ${formatUsdc(allowance.stake)} at stake in this session, ` +
        'refused ones too.',
      inputs: {
        runId,
        agentId,
        stake: number('USDC, if above the default.'),
        workPeriodHours: number('168 if absent.'),
        evaluator: text('Address, if not the poster.'),
      },
      optional: ['stake', 'workPeriodHours', 'evaluator'],
      async act(given) {
        const run = await readRun(given)
        const expected = {
          ...(given.stake !== undefined && { stake: read(given, 'stake', parseUsdc) }),
          ...(given.workPeriodHours !== undefined && { workPeriod: read(given, 'workPeriodHours', parseHours) }),
          ...(given.evaluator !== undefined && { evaluator: read(given, 'evaluator', parseAddress) }),
        }
        if (left === 0) {
          const message = `The ${allowance.claims} claims of --allow-claims are used. Ask the user to start the server again.`
          throw new CommandError('ALLOWANCE_USED', message, { kind: 'refused' })
        }
        left--
        const { timeoutSeconds } = options
        return runs.claim(run, { agentId: readAgentId(given), expected, signer, timeoutSeconds })
      },
    },
    {
      name: 'start_run',
      description: 'Says that work has begun.',
      inputs: { runId },
      act: async (given) => runs.start(await readRun(given), options),
    },
    {
      name: 'submit_run',
      description: 'Delivers the work, or a revision.',
      inputs: { runId, deliverableHash: text('URI.'), content: contentInput },
      optional: ['deliverableHash', 'content'],
      async act(given) {
        const run = await readRun(given)
        return runs.submit(run, await readUri(given, 'deliverableHash', session.runline), options)
      },
    },
    {
      name: 'abandon_run',
      description: 'Gives a claimed run back: the stake is burned.',
      inputs: { runId },
      act: async (given) => runs.abandon(await readRun(given), options),
    },
  ]
}
