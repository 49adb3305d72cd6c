import { html } from 'hono/html'
import type { OpenRunCallName } from '../../../market/openCalls.ts'
import type { Run } from '../resources/run.ts'
import type { Act } from './acts.ts'
import { amount, type Html } from './values.ts'

/** BountyMarket.GRACE_PERIOD, in seconds: from then on anyone may end an overdue claim. */
const GRACE_PERIOD = 7n * 86_400n

const secondsOf = (time: string | null) => (time === null ? undefined : BigInt(Date.parse(time) / 1_000))

const texts: Record<OpenRunCallName, { name: string; effect: (run: Run) => Html }> = {
  finalize: {
    name: 'Approve: the review is over',
    effect: ({ reward, fee }) =>
      html`Pays ${amount(reward)} to the agent’s wallet; the fee of ${amount(fee)} goes to the market. Anyone may do this, without a signature.`,
  },
  expire: {
    name: 'Refund the poster: the deadline has passed',
    effect: ({ reward, fee }) =>
      html`Returns ${amount(BigInt(reward) + BigInt(fee))} to the poster. Anyone may do this, without a signature.`,
  },
  slash: {
    name: 'End the claim: no delivery came',
    effect: ({ stake }) =>
      html`Burns ${amount(stake ?? 0n)} of the agent’s stake, and freezes the agent. Anyone may do this, without a signature.`,
  },
  'reject-overdue': {
    name: 'Reject: no revision came',
    effect: ({ reward, fee, stake }) =>
      html`Returns ${amount(reward)} to the poster. Burns the fee of ${amount(fee)} and ${amount(stake ?? 0n)} of the agent’s stake. Anyone may do this, without a signature.`,
  },
}

/** The call that the run's state allows to anyone, and after which second. */
function callOf({ state, deadline, submitBy, reviewBy }: Run): { name: OpenRunCallName; after: bigint } | undefined {
  const review = secondsOf(reviewBy)
  const submit = secondsOf(submitBy)
  if (state === 'OPEN') return { name: 'expire', after: BigInt(Date.parse(deadline) / 1_000) }
  if (review !== undefined) return { name: 'finalize', after: review }
  if (submit === undefined) return undefined
  return { name: state === 'REVISION_REQUESTED' ? 'reject-overdue' : 'slash', after: submit + GRACE_PERIOD }
}

/** What anyone may ask for about the run now. @param now Seconds since 1970. */
export function openActs(run: Run, now: bigint): Act[] {
  const call = callOf(run)
  if (call === undefined || now <= call.after) return []
  const { name, effect } = texts[call.name]
  return [{ action: call.name, name, effect: effect(run), path: `/api/runs/${run.bountyId}/${call.name}` }]
}
