import { type Hex, isAddressEqual } from 'viem'
import { Problem } from './http/errors.ts'
import { refusalOfRead } from './http/refusals.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import { type ShownClaim, shownClaims } from './queries/claimedRuns.ts'
import type { ClaimMessage, NamedAction } from './relay/kinds/request.ts'
import type { IndexedClaims, IndexedWin } from './relay/pipeline/context.ts'

/** What the index shows of claims, for the relay. A win that the index shows needs no receipt. */
export function indexedClaims(index: IndexReader): IndexedClaims {
  let known: Hex | undefined

  return {
    async look(claims) {
      const { data } = await index
        .read(undefined, (tx) =>
          shownClaims(
            tx,
            claims.map(({ request }) => request.message.bountyId),
          ),
        )
        .catch((error) => {
          throw refusalOfRead(error)
        })
      const wins = new Map<Hex, IndexedWin>()
      for (const claim of claims) {
        const win = data.find((other) => isOf(claim, other))
        if (win) wins.set(claim.actionId, { blockNumber: win.blockNumber, txHash: win.transactionHash })
      }
      return wins
    },

    async pause(signal) {
      known = (await index.head.after(known, signal))?.hash ?? known
    },

    async feesPaid(agentIds) {
      try {
        const { data } = await index.read(undefined, (tx, { now }) => agentsById(tx, now, agentIds))
        return new Map(data.flatMap((agent) => (agent ? [[agent.id, agent.feesPaid] as const] : [])))
      } catch (error) {
        if (error instanceof Problem) return new Map()
        throw error
      }
    },
  }
}

function isOf({ request: { message } }: NamedAction<ClaimMessage>, shown: ShownClaim): boolean {
  const { bountyId, agentId, address, ordinal } = shown
  if (bountyId !== message.bountyId || agentId !== message.agentId || ordinal !== Number(message.round)) return false
  return address !== null && isAddressEqual(address, message.party)
}
