import { type Account, encodePacked, type Hex, keccak256 } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import type { Deployment } from '../src/api/deployment.ts'
import { contractsOf, fund } from '../testkit/contracts.ts'

/** The market on a devnet, and the accounts that act in it. */
export type World = Awaited<ReturnType<typeof createWorld>>

type Options = {
  rpcUrl: string
  deployment: Deployment
  /** Named as a relayer in the market's constructor; sends the claims without a signature. */
  relayer: Account
  /** Owner of the staking contract, which bans and unbans. */
  owner: Account
  posters: number
  agents: number
  /** Separates the accounts of two worlds on one chain. */
  salt: string
}

const party = (salt: string, role: string, index: number): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(encodePacked(['string', 'string', 'uint256'], [salt, role, BigInt(index)])))

const many = (count: number, salt: string, role: string) =>
  Array.from({ length: count }, (_, index) => party(salt, role, index))

/** Funds the accounts with ETH and USDC and approves the contracts for unlimited amounts. */
export async function createWorld({ rpcUrl, deployment, relayer, owner, salt, ...counts }: Options) {
  const { client: node, ...contracts } = contractsOf({ rpcUrl, deployment })
  const posters = many(counts.posters, salt, 'poster')
  const owners = many(counts.agents, salt, 'owner')
  const wallets = many(counts.agents, salt, 'wallet')
  const everyone = [...posters, ...owners, ...wallets]

  const confirm = async (hash: Hex) => {
    const receipt = await node.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`transaction ${hash} reverted`)
    return receipt
  }

  const awaited = contractsOf({ rpcUrl, deployment }, { awaitsMining: true })
  for (const account of everyone) {
    await node.setBalance({ address: account.address, value: 10n ** 21n })
    await fund(awaited, account)
  }

  return { deployment, contracts, node, relayer, owner, posters, owners, wallets, everyone, confirm }
}
