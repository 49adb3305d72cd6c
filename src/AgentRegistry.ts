import { ponder } from 'ponder:registry'
import { storedURI } from 'ponder:schema'
import { type Hex, size, zeroAddress } from 'viem'
import { storeAgent } from './storeAgent.ts'

/**
 * The registry may be the canonical ERC-8004 deployment of a public chain, whose owner can upgrade it. No handler may
 * fail on anything that it emits, so none relies on an existing row.
 *
 * Ignored events:
 * - `Approval`, `ApprovalForAll`: neither market nor staking reads approvals
 * - `MetadataSet` of a key other than "agentWallet" (by the filter in ponder.config.ts): nothing here reads it
 * - `MetadataUpdate`, `BatchMetadataUpdate`: ERC-4906's signals to reload the URI, which `URIUpdated` contains
 * - `EIP712DomainChanged`: only the registry verifies the signatures that set wallets
 */

// The owner is stored here only. `Registered` names the receiver of the mint, but the receiver may have transferred the
// token when the registry called it before emitting `Registered`.
ponder.on('AgentRegistry:Transfer', async ({ event, context }) => {
  const { from, to, tokenId } = event.args
  const owner = to === zeroAddress ? null : to
  // By ERC-8004 the first owner is the first wallet. A later transfer clears the wallet with its own `MetadataSet`.
  const change = from === zeroAddress ? { owner, agentWallet: owner } : { owner }
  // Row may exist, because an id may be banned before it is minted.
  await storeAgent(context, event.block, tokenId, () => change)
})

ponder.on('AgentRegistry:Registered', async ({ event, context }) => {
  const change = {
    ...storedURI(event.args.agentURI),
    registeredAt: event.block.timestamp,
    registrationLog: `${event.transaction.hash}:${event.log.logIndex}`,
  }
  // Row exists if the registry emitted a `Transfer` at the mint, as ERC-721 requires.
  await storeAgent(context, event.block, event.args.agentId, () => change)
})

ponder.on('AgentRegistry:URIUpdated', async ({ event, context }) => {
  const change = storedURI(event.args.newURI)
  // Row exists if the registry emitted a `Transfer` at the mint.
  await storeAgent(context, event.block, event.args.agentId, () => change)
})

ponder.on('AgentRegistry:MetadataSet', async ({ event, context }) => {
  const { agentId, metadataValue } = event.args
  const agentWallet = walletOf(metadataValue)
  const previousLog = `${event.transaction.hash}:${event.log.logIndex - 1}`
  // Row exists if the registry emitted a `Transfer` at the mint.
  await storeAgent(context, event.block, agentId, ({ registrationLog }) =>
    // The log after `Registered` repeats the wallet of the mint. The canonical registry calls the receiver between mint
    // and `Registered`; a wallet that the receiver sets or clears there is newer than this one, and its event is
    // earlier.
    registrationLog === previousLog ? {} : { agentWallet },
  )
})

/** The registries store 20 bytes or none. Zero means no wallet, as in `getAgentWallet`. */
function walletOf(metadataValue: Hex) {
  return size(metadataValue) === 20 && metadataValue !== zeroAddress ? metadataValue : null
}
