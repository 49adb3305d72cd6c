import { html } from 'hono/html'
import type { AgentStake } from '../resources/agent.ts'
import { type Act, actsSection } from './acts.ts'
import { amount, type Html, shortHex, shortId } from './values.ts'

const amountField = html`<label>Amount, USDC
  <input name="amount" inputmode="decimal" pattern="[0-9]+([.][0-9]{1,6})?" required>
</label>`

/** What accounts may do with the stake of the agent. */
export function agentActs({ id, ownerAddress, walletAddress, stakedAmount, lockedAmount }: AgentStake): Html {
  const free = BigInt(stakedAmount) - BigInt(lockedAmount)
  const acts: Act[] = [
    {
      action: 'stake',
      name: 'Add stake',
      effect: html`Moves the amount from your account into the stake of agent ${shortId(id)}, which has ${amount(stakedAmount)} now. The stake belongs to the agent’s owner, ${shortHex(ownerAddress)}.`,
      done: 'Staked. The agent’s status is above.',
      shown: { agentId: String(id), owner: ownerAddress },
      fields: amountField,
    },
    {
      action: 'unstake',
      name: 'Take stake out',
      effect: html`Moves the amount from the stake to the agent’s owner, ${shortHex(ownerAddress)}. Live runs lock ${amount(lockedAmount)}; ${amount(free)} are free. Below 20 USDC the agent may not claim.`,
      done: 'Taken out: the owner has the amount.',
      signers: [ownerAddress, walletAddress],
      shown: { agentId: String(id) },
      fields: amountField,
    },
  ]
  return actsSection('Stake', 'a wallet', acts)
}
