import { html } from 'hono/html'
import { type Address, zeroAddress } from 'viem'
import { MAX_REVISIONS } from '../../../core/market/constants.ts'
import { type RunFacts, revisionOf, runActionError } from '../../../core/market/runActionRules.ts'
import type { RunActionName } from '../../../core/market/runActions.ts'
import { MAX_AGE_DAYS } from '../content/applications.ts'
import type { Run } from '../resources/run.ts'
import { factsOf } from '../resources/runFacts.ts'
import { type Act, actsSection } from './acts.ts'
import { takesApplications } from './applicants.ts'
import { openActs } from './openActs.ts'
import { privateDeliveryPath } from './privateDelivery.ts'
import { amount, duration, type Html, shortCid, usdc, utc } from './values.ts'

const PUBLIC = 'Everyone can read it at once, before it is paid.'

const textField = (label: string): Html => html`<label class="wide">${label}
  <textarea name="text" rows="4" maxlength="30000" required></textarea>
</label>`

/** `delivery` names the one that the action is about, as the page shows it. */
type Text = {
  name: string | ((run: Run, delivery: string) => string)
  /** What the action does to this run, in numbers. */
  effect: (run: Run) => Html | string
  done: (run: Run) => string
  confirm?: (run: Run, delivery: string) => string
  fields?: Html
}

const escrowOf = ({ reward, fee }: Run): bigint => BigInt(reward) + BigInt(fee)

const stakeOf = ({ stake }: Run): bigint => BigInt(stake ?? 0n)

/** In the order in which a reader looks for them: a decision first, and of an agent what comes next. */
const texts: Record<RunActionName, Text> = {
  approve: {
    name: ({ reward }, delivery) => `Approve ${delivery} and pay ${usdc(reward)} USDC`,
    effect: (run) =>
      html`Pays ${amount(run.reward)} to the agent’s wallet. The fee of ${amount(run.fee)} goes to the market, and the agent gets its stake of ${amount(stakeOf(run))} unlocked. This cannot be undone.`,
    confirm: ({ reward, claimedBy }, delivery) =>
      `Approve ${delivery} and pay ${usdc(reward)} USDC to agent ${claimedBy}? This cannot be undone.`,
    done: ({ reward, claimedBy }) => `You paid agent ${claimedBy} ${usdc(reward)} USDC.`,
  },
  revise: {
    name: 'Request a revision',
    effect: ({ revisions, workPeriod }) =>
      html`Revision ${revisions + 1} of ${Number(MAX_REVISIONS)}. The agent has ${duration(workPeriod)} to deliver again. No money moves.`,
    done: ({ workPeriod }) => `Requested. The agent has ${duration(workPeriod)} to deliver again.`,
    fields: textField('What is to be changed, or the ipfs:// URI of your feedback. Everyone can read it.'),
  },
  reject: {
    name: (_, delivery) => `Reject ${delivery}`,
    effect: (run) =>
      html`Returns ${amount(run.reward)} to the poster. Burns the fee of ${amount(run.fee)} and ${amount(stakeOf(run))} of the agent’s stake. This cannot be undone.`,
    confirm: ({ reward, fee }, delivery) =>
      `Reject ${delivery}? ${usdc(reward)} USDC return to the poster. The fee of ${usdc(fee)} USDC and the agent’s stake are burned.`,
    done: ({ reward }) => `Rejected. ${usdc(reward)} USDC are back with the poster.`,
  },
  start: {
    name: 'Start the work',
    effect: () => 'Tells the poster that you have begun. No money moves.',
    done: () => 'Started: the poster sees that you work.',
  },
  submit: {
    name: 'Deliver',
    effect: (run) =>
      html`Begins the review of 7 days, after which anyone may have the delivery approved. No money moves now. An approval pays ${amount(run.reward)} to your wallet and unlocks ${amount(stakeOf(run))} of stake. <a href="${privateDeliveryPath}">How to keep a delivery private</a>`,
    done: () => 'Delivered. The review has begun.',
    fields: textField(`Your delivery, or its ipfs:// URI. ${PUBLIC}`),
  },
  'name-claimant': {
    name: 'Name who may claim',
    effect: () => 'Only this wallet can claim the run from then on, until you name another. No money moves.',
    confirm: () => 'Name this wallet? An empty field lets any wallet claim the run, for good.',
    done: () => 'Named.',
    fields: html`<label class="wide">Wallet that may claim; nothing opens the run to any, for good
      <input name="claimant" pattern="0x[0-9a-fA-F]{40}" placeholder="0x… or nothing">
    </label>`,
  },
  close: {
    name: 'Close the run',
    effect: (run) =>
      run.state === 'OPEN'
        ? html`Returns ${amount(escrowOf(run))} to the poster at once. No agent can claim the run from then on.`
        : html`Makes this claim the last. If it is lost, ${amount(escrowOf(run))} return to the poster. No money moves now.`,
    done: (run) =>
      run.state === 'OPEN'
        ? `Closed. ${usdc(escrowOf(run))} USDC are back with the poster.`
        : 'Closed: this claim is the last.',
  },
  abandon: {
    name: 'Abandon the claim',
    effect: (run) =>
      html`Burns ${amount(stakeOf(run))} of the agent’s stake. ${run.state === 'REVISION_REQUESTED' ? 'The run ends as a rejection.' : 'The run is open for others again, or a draft if it was closed.'}`,
    confirm: (run) => `Abandon the claim? This burns ${usdc(stakeOf(run))} USDC of the agent’s stake.`,
    done: (run) => `Abandoned. ${usdc(stakeOf(run))} USDC of the agent’s stake were burned.`,
  },
}

function actOf(name: RunActionName, run: Run, facts: RunFacts, now: bigint): Act[] {
  const { posterAddress, evaluator, claimedByWallet } = run
  const revision = revisionOf(name, facts)
  const signers = [posterAddress, evaluator, claimedByWallet].filter(
    (party) => party !== null && !runActionError(name, facts, party as Address, revision, now),
  ) as string[]
  if (signers.length === 0) return []
  const { name: label, effect, done, confirm, fields } = texts[name]
  const cid = shortCid(run.deliverableHash ?? '')
  const delivery = `delivery ${revision + 1n}${cid ? ` (${cid})` : ''}`
  const words = {
    name: typeof label === 'string' ? label : label(run, delivery),
    effect: effect(run),
    done: done(run),
    ...(confirm && { confirm: confirm(run, delivery) }),
  }
  const shown = { bountyId: run.bountyId, round: run.round, revision: Number(revision) }
  return [{ action: name, ...words, ...(fields && { fields }), signers, shown }]
}

const agentField = html`<label>Number of your agent
  <input name="agentId" inputmode="numeric" required>
</label>`

const claimAct = ({ bountyId, round, reward, stakeRequired, workPeriod, evaluator, claimant, deadline }: Run): Act => ({
  action: 'claim',
  name: 'Claim the run',
  effect: html`${claimant && html`<strong>You were chosen: claim until ${utc(deadline)}</strong>, unless the poster names another before. `}Locks ${amount(stakeRequired)} of your agent’s stake. You have ${duration(workPeriod)} to deliver; without a delivery the stake is burned. An approval pays ${amount(reward)} to your wallet.`,
  done: `Claimed. You have ${duration(workPeriod)} to deliver.`,
  shown: {
    bountyId,
    round: round + 1,
    reward,
    stake: stakeRequired,
    workPeriod,
    evaluator: evaluator ?? zeroAddress,
  },
  fields: agentField,
  ...(claimant && { signers: [claimant] }),
})

const applyAct = ({ bountyId, posterAddress, stakeRequired, deadline, claimant }: Run): Act => ({
  action: 'apply',
  name: 'Apply',
  effect: html`Asks the poster to choose your agent, by its record and its stake. If you are chosen, you may claim until ${utc(deadline)}, with ${amount(stakeRequired)} of free stake. To apply costs nothing and locks nothing; it ends after ${MAX_AGE_DAYS} days. Applying again replaces the note.`,
  done: 'You apply. The list shows it from the next block on.',
  others: [posterAddress, String(claimant)],
  shown: { runId: bountyId },
  fields: html`${agentField}<label class="wide">Why your agent, in at most 1,000 bytes. Everyone can read it.
    <textarea name="note" rows="3" maxlength="1000" required></textarea>
  </label>`,
})

/** What accounts may do about the run now. @param now Seconds since 1970. */
export function runActs(run: Run, now: bigint): Html | string {
  const facts = factsOf(run)
  const signed = (Object.keys(texts) as RunActionName[]).flatMap((name) => actOf(name, run, facts, now))
  const hasClaim = run.claimable && run.claimant !== run.posterAddress
  const ofAgents = [...(hasClaim ? [claimAct(run)] : []), ...(takesApplications(run) ? [applyAct(run)] : [])]
  const acts = [...signed, ...ofAgents, ...openActs(run, now)]
  if (acts.length === 0) return ''
  return actsSection('Act on this run', 'a wallet', acts)
}
