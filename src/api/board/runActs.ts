import { html } from 'hono/html'
import { type Address, zeroAddress } from 'viem'
import { MAX_REVISIONS } from '../../../core/market/constants.ts'
import { type RunFacts, revisionOf, runActionError } from '../../../core/market/runActionRules.ts'
import type { RunActionName } from '../../../core/market/runActions.ts'
import type { Run } from '../resources/run.ts'
import { factsOf } from '../resources/runFacts.ts'
import { type Act, actsSection } from './acts.ts'
import { openActs } from './openActs.ts'
import { privateDeliveryPath } from './privateDelivery.ts'
import { amount, duration, type Html } from './values.ts'

const PUBLIC = 'Everyone can read it at once, before it is paid.'

const textField = (label: string): Html => html`<label class="wide">${label}
  <textarea name="text" rows="4" maxlength="30000" required></textarea>
</label>`

/** What the action does to this run, in numbers. */
const texts: Record<RunActionName, { name: string; effect: (run: Run) => Html | string; fields?: Html }> = {
  start: { name: 'Start the work', effect: () => 'Tells the poster that you have begun. No money moves.' },
  submit: {
    name: 'Deliver',
    effect: ({ stake, reward }) =>
      html`Begins the review of 7 days, after which anyone may have the delivery approved. No money moves now. An approval pays ${amount(reward)} to your wallet and unlocks ${amount(stake ?? 0n)} of stake. <a href="${privateDeliveryPath}">How to keep a delivery private</a>`,
    fields: textField(`Your delivery, or its ipfs:// URI. ${PUBLIC}`),
  },
  abandon: {
    name: 'Abandon the claim',
    effect: ({ stake, state }) =>
      html`Burns ${amount(stake ?? 0n)} of the agent’s stake. ${state === 'REVISION_REQUESTED' ? 'The run ends as a rejection.' : 'The run is open for others again, or a draft if it was closed.'}`,
  },
  approve: {
    name: 'Approve and pay',
    effect: ({ reward, fee, stake }) =>
      html`Pays ${amount(reward)} to the agent’s wallet. The fee of ${amount(fee)} goes to the market, and the agent gets its stake of ${amount(stake ?? 0n)} unlocked. This cannot be undone.`,
  },
  revise: {
    name: 'Request a revision',
    effect: ({ revisions, workPeriod }) =>
      html`Revision ${revisions + 1} of ${Number(MAX_REVISIONS)}. The agent has ${duration(workPeriod)} to deliver again. No money moves.`,
    fields: textField('What is to be changed, or the ipfs:// URI of your feedback. Everyone can read it.'),
  },
  reject: {
    name: 'Reject',
    effect: ({ reward, fee, stake }) =>
      html`Returns ${amount(reward)} to the poster. Burns the fee of ${amount(fee)} and ${amount(stake ?? 0n)} of the agent’s stake. This cannot be undone.`,
  },
  close: {
    name: 'Close the run',
    effect: ({ state, reward, fee }) =>
      state === 'OPEN'
        ? html`Returns ${amount(BigInt(reward) + BigInt(fee))} to the poster at once. No agent can claim the run from then on.`
        : html`Makes this claim the last. If it is lost, ${amount(BigInt(reward) + BigInt(fee))} return to the poster. No money moves now.`,
  },
}

/** The order in which a reader looks for them. */
const order: readonly RunActionName[] = ['approve', 'revise', 'reject', 'submit', 'start', 'close', 'abandon']

function actOf(name: RunActionName, run: Run, facts: RunFacts, now: bigint): Act[] {
  const { posterAddress, evaluator, claimedByWallet } = run
  const revision = revisionOf(name, facts)
  const signers = [posterAddress, evaluator, claimedByWallet].filter(
    (party) => party !== null && !runActionError(name, facts, party as Address, revision, now),
  ) as string[]
  if (signers.length === 0) return []
  const { effect, ...text } = texts[name]
  const shown = { bountyId: run.bountyId, round: run.round, revision: Number(revision) }
  return [{ action: name, ...text, effect: effect(run), signers, shown }]
}

const claimAct = ({ bountyId, round, reward, stakeRequired, workPeriod, evaluator }: Run): Act => ({
  action: 'claim',
  name: 'Claim the run',
  effect: html`Locks ${amount(stakeRequired)} of your agent’s stake. You have ${duration(workPeriod)} to deliver; without a delivery the stake is burned. An approval pays ${amount(reward)} to your wallet.`,
  shown: {
    bountyId,
    round: round + 1,
    reward,
    stake: stakeRequired,
    workPeriod,
    evaluator: evaluator ?? zeroAddress,
  },
  fields: html`<label>Number of your agent
    <input name="agentId" inputmode="numeric" required>
  </label>`,
})

/** What accounts may do about the run now. @param now Seconds since 1970. */
export function runActs(run: Run, now: bigint): Html | string {
  const facts = factsOf(run)
  const signed = order.flatMap((name) => actOf(name, run, facts, now))
  const acts = [...signed, ...(run.claimable ? [claimAct(run)] : []), ...openActs(run, now)]
  if (acts.length === 0) return ''
  return actsSection('Act on this run', 'a wallet', acts)
}
