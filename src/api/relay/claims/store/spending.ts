import type { Subjects } from '../../store/spending.ts'

/** `fees`: what the agent's completed runs have paid, in USDC base units. */
type Named = { wallet: string; agentId: bigint; poster: string; fees: bigint }

/** A claim's subjects: those of a claim that fees do not cover, and that of another. */
export const namesOf = ({ wallet, agentId, poster, fees }: Named): Subjects => ({
  shared: [`wallet ${wallet}`, `agent ${agentId}`, `poster ${poster}`, 'newcomers'],
  covers: [{ name: `fees ${agentId}`, fees }],
})
