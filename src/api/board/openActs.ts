import { html } from 'hono/html'
import { GRACE_PERIOD } from '../../../core/market/constants.ts'
import { type OpenRunCallName, openRunCallNames, openRunCalls } from '../../../core/market/openCalls.ts'
import type { Run } from '../resources/run.ts'
import type { Act } from './acts.ts'
import { amount, type Html, usdc } from './values.ts'

const secondsOf = (time: string | null) => (time === null ? undefined : BigInt(Date.parse(time) / 1_000))

const texts: Record<OpenRunCallName, { name: string; effect: (run: Run) => Html; done: (run: Run) => string }> = {
  finalize: {
    name: 'Approve: the review is over',
    effect: ({ reward, fee }) =>
      html`Pays ${amount(reward)} to the agent’s wallet; the fee of ${amount(fee)} is burned. Anyone may do this, without a signature.`,
    done: ({ reward, claimedBy }) => `Approved. Agent ${claimedBy} got ${usdc(reward)} USDC.`,
  },
  expire: {
    name: 'Refund the poster: the deadline has passed',
    effect: ({ reward, fee }) =>
      html`Returns ${amount(BigInt(reward) + BigInt(fee))} to the poster. Anyone may do this, without a signature.`,
    done: ({ reward, fee }) => `Refunded. ${usdc(BigInt(reward) + BigInt(fee))} USDC are back with the poster.`,
  },
  slash: {
    name: 'End the claim: no delivery came',
    effect: ({ stake }) =>
      html`Burns ${amount(stake ?? 0n)} of the agent’s stake, and freezes the agent. Anyone may do this, without a signature.`,
    done: ({ stake }) => `Ended. ${usdc(stake ?? 0n)} USDC of the agent’s stake were burned.`,
  },
  'reject-overdue': {
    name: 'Reject: no revision came',
    effect: ({ reward, fee, stake }) =>
      html`Returns ${amount(reward)} to the poster. Burns the fee of ${amount(fee)} and ${amount(stake ?? 0n)} of the agent’s stake. Anyone may do this, without a signature.`,
    done: ({ reward }) => `Rejected. ${usdc(reward)} USDC are back with the poster.`,
  },
}

/** After which second of the run anyone may ask for the call; undefined if the run has none. */
function endOf(call: OpenRunCallName, { deadline, submitBy, reviewBy }: Run): bigint | undefined {
  if (call === 'expire') return secondsOf(deadline)
  if (call === 'finalize') return secondsOf(reviewBy)
  const submit = secondsOf(submitBy)
  return submit === undefined ? undefined : submit + BigInt(GRACE_PERIOD)
}

/** What anyone may ask for about the run now. @param now Seconds since 1970. */
export function openActs(run: Run, now: bigint): Act[] {
  const call = openRunCallNames.find((name) => openRunCalls[name].states.some((state) => state === run.state))
  const end = call && endOf(call, run)
  if (call === undefined || end === undefined || now <= end) return []
  const { name, effect, done } = texts[call]
  return [{ action: call, name, effect: effect(run), done: done(run), path: `/api/runs/${run.bountyId}/${call}` }]
}
