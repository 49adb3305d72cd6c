import { parseAbiParameters, type TypedDataDomain } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import type { World } from './world.ts'

type Message = {
  primaryType: string
  /** The Solidity types and names of the members, without the deadline. */
  fields: string
  members: Record<string, unknown>
  /** How long the signature is valid, in seconds of chain time. */
  validity: bigint
  /** The contract that checks the signature; the market's if absent. */
  domain?: TypedDataDomain
}

/** The account's EIP-712 signature of the message, and the deadline that it names. */
export async function sign(world: World, signer: PrivateKeyAccount, message: Message) {
  const { primaryType, fields, members, validity } = message
  const { chainId } = world.deployment
  const verifyingContract = world.contracts.market.address
  const deadline = (await world.node.getBlock()).timestamp + validity
  const signature = await signer.signTypedData({
    domain: message.domain ?? { name: 'BountyMarket', version: '1', chainId, verifyingContract },
    types: { [primaryType]: parseAbiParameters(`${fields}, uint256 deadline`) },
    primaryType,
    message: { ...members, deadline },
  })
  return { deadline, signature }
}
