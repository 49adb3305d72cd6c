import { ponder } from 'ponder:registry'
import { storedText } from 'ponder:schema'
import { type Hex, size, zeroAddress } from 'viem'
import { storeAgent } from './storeAgent.ts'

/**
 * The registry may be the canonical ERC-8004 deployment of a public chain, whose owner can upgrade it: whatever it
 * emits, no handler here may fail, so none takes a row for granted.
 *
 * Ignored events:
 * - `Approval`, `ApprovalForAll`: neither market nor staking asks for approvals
 * - `MetadataSet` of a key other than "agentWallet" (by the filter in ponder.config.ts): nothing of ours reads it
 * - `MetadataUpdate`, `BatchMetadataUpdate`: ERC-4906's hints to fetch the URI anew, which `URIUpdated` carries
 * - `EIP712DomainChanged`: signatures of wallets are the registry's matter
 */

// The owner comes from here alone. `Registered` names the receiver of the mint, and where the registry calls the
// receiver in between, he may have passed the token on.
ponder.on('AgentRegistry:Transfer', async ({ event, context }) => {
  const { from, to, tokenId } = event.args
  const owner = to === zeroAddress ? null : to
  // By ERC-8004 the first owner is the first wallet; a later transfer clears it with a `MetadataSet` of its own.
  const change = from === zeroAddress ? { owner, agentWallet: owner } : { owner }
  // Row may exist: the id may have been banned before it was minted.
  await storeAgent(context, tokenId, () => change)
})

ponder.on('AgentRegistry:Registered', async ({ event, context }) => {
  const change = {
    agentURI: storedText(event.args.agentURI),
    registeredAt: event.block.timestamp,
    registrationLog: `${event.transaction.hash}:${event.log.logIndex}`,
  }
  // Row exists if the registry minted with a `Transfer`, as ERC-721 demands.
  await storeAgent(context, event.args.agentId, () => change)
})

ponder.on('AgentRegistry:URIUpdated', async ({ event, context }) => {
  const agentURI = storedText(event.args.newURI)
  // Row exists if the registry minted with a `Transfer`.
  await storeAgent(context, event.args.agentId, () => ({ agentURI }))
})

ponder.on('AgentRegistry:MetadataSet', async ({ event, context }) => {
  const { agentId, metadataValue } = event.args
  const agentWallet = walletOf(metadataValue)
  const previousLog = `${event.transaction.hash}:${event.log.logIndex - 1}`
  // Row exists if the registry minted with a `Transfer`.
  await storeAgent(context, agentId, ({ registrationLog }) =>
    // Right behind `Registered` this repeats what the mint wrote. The canonical registry calls the receiver between
    // mint and `Registered`; a wallet that the receiver set or cleared there is newer, though its event is older.
    registrationLog === previousLog ? {} : { agentWallet },
  )
})

/** The registries store 20 bytes, or none; zero is what `getAgentWallet` answers for none. */
function walletOf(metadataValue: Hex) {
  return size(metadataValue) === 20 && metadataValue !== zeroAddress ? metadataValue : null
}
