import { Option } from 'commander'
import type { Address } from 'viem'
import type { RunlineClient } from '../../client/src/index.ts'
import { proofOf, type VerifyOptions, verifyReads } from '../../client/src/verify/index.ts'
import type { Context } from './action.ts'
import type { Output } from './output.ts'
import { openReader, trustedMarket } from './session.ts'

/** The option of commands that only read. */
export type Verified = { verify?: boolean }

export const verifyOption = () => new Option('--verify', 'prove the answer with the node that --rpc names, or fail')

/** A client for reads. With `verify`, it returns only what the node proves. */
export async function openReads(settings: Context<Verified>): Promise<RunlineClient> {
  const reader = openReader(settings)
  return settings.verify ? verifyReads(reader, await verifyOptionsOf(settings)) : reader
}

/** The user's node and the market that the user trusts. @throws CommandError if the user must name the market. */
export async function verifyOptionsOf(settings: Context): Promise<VerifyOptions> {
  const { chainId, contracts } = await openReader(settings).getMarket()
  const address = trustedMarket(settings, chainId, contracts.BountyMarket.address as Address)
  return { node: settings.rpc, market: { chainId, address } }
}

/** Prints what is proven of the answer, if it was verified. @returns the same for the JSON. */
export function showProof({ line }: Output, answer: object) {
  const proof = proofOf(answer)
  if (!proof) return {}
  const { block, unproven } = proof
  line(`Verified with your node at block ${block.number}. Not proven: ${unproven.join(', ')}.`)
  return { verified: { blockNumber: Number(block.number), blockHash: block.hash, unproven } }
}
