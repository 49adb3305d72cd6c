import { type Hex, isAddressEqual } from 'viem'
import type { IndexReader } from './queries/indexReader.ts'
import { type ShownClaim, shownClaims } from './queries/shownClaims.ts'
import type { NamedClaim } from './relay/events.ts'
import type { Shown, ShownClaims } from './relay/results/shown.ts'

/** What the index says of claims, for the relay: an answer that the index shows need not wait for receipts. */
export function indexedClaims(index: IndexReader): ShownClaims {
  let known: Hex | undefined

  return {
    async look(claims) {
      const { data } = await index.read(shownClaims(claims.map(({ request }) => request.bountyId)))
      return new Map(
        claims.flatMap((claim): [Hex, Shown][] => {
          const shown = data.find((other) => isOf(claim, other))
          if (!shown) return []
          return [[claim.claimId, { blockNumber: shown.blockNumber, txHash: shown.transactionHash }]]
        }),
      )
    },
    async pause(signal) {
      known = (await index.head.after(known, signal))?.hash ?? known
    },
  }
}

function isOf({ request, round }: NamedClaim, { bountyId, agentId, address, ordinal }: ShownClaim): boolean {
  if (bountyId !== request.bountyId || agentId !== request.agentId || ordinal !== Number(round)) return false
  return address !== null && isAddressEqual(address, request.wallet)
}
