import { encodePacked, keccak256, parseEther } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { accountOf, roles } from '../../tools/devnet/accounts.ts'
import type { MarketOnAnvil } from '../support/marketOnAnvil.ts'
import { createMining } from '../support/mining.ts'

/** The market on a devnet, and the accounts that act in it. */
export type World = Awaited<ReturnType<typeof createWorld>>

type Options = {
  posters: number
  agents: number
  /** Separates the accounts of two worlds on one chain. */
  salt: string
}

const party = (salt: string, role: string, index: number): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(encodePacked(['string', 'string', 'uint256'], [salt, role, BigInt(index)])))

const many = (count: number, salt: string, role: string) =>
  Array.from({ length: count }, (_, index) => party(salt, role, index))

/**
 * Funds the accounts with ETH and USDC and approves the contracts for unlimited amounts.
 * @param chain Its writes do not wait until they are mined, because the parties also send calls that revert.
 */
export async function createWorld(chain: Omit<MarketOnAnvil, 'stop'>, { salt, ...counts }: Options) {
  const { client: node, usdc, registry, staking, market, deployment } = chain
  const posters = many(counts.posters, salt, 'poster')
  const owners = many(counts.agents, salt, 'owner')
  const wallets = many(counts.agents, salt, 'wallet')
  const everyone = [...posters, ...owners, ...wallets]
  for (const { address } of everyone) await node.setBalance({ address, value: parseEther('1000') })
  await chain.fund(...everyone)
  return {
    deployment,
    contracts: { usdc, registry, staking, market },
    node,
    mining: createMining(node),
    /** Sends the claims without a signature, and claims in batches. */
    relayer: accountOf(roles.relayer),
    /** Bans and unbans agents. */
    owner: accountOf(roles.owner),
    posters,
    owners,
    wallets,
    everyone,
  }
}
