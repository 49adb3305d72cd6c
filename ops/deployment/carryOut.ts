import { type Hex, keccak256, TransactionNotFoundError } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import type { Cost } from './cost.ts'
import type { Creation } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { type Created, settle } from './settle.ts'

/**
 * Sends the remaining transactions, each once the previous one is mined.
 * @throws if a transaction cannot be sent, reverts, or is not mined in time. With a journal, the next run resumes.
 * @returns the deployment, and every contract that this run and earlier ones created.
 */
export async function carryOut(prepared: Prepared): Promise<{ deployment: Deployment; created: Created[] }> {
  const created = [...prepared.created]
  for (const cost of prepared.costs) created.push(await create(prepared, cost))
  const { chainId, client, plan, registryBlock } = prepared
  const { contracts } = plan
  const staking = await client.readContract({
    address: contracts.BountyMarket,
    abi: bountyMarketAbi,
    functionName: 'STAKING',
  })
  if (staking !== contracts.AgentStaking)
    throw new Error(`AgentStaking is at ${staking}, but was expected at ${contracts.AgentStaking}`)
  prepared.onStep(`AgentStaking is at ${staking}`)

  const blockOf = (name: string) => created.find(({ contract }) => contract === name)?.block
  const startBlock = blockOf('BountyMarket')
  const AgentRegistry = blockOf('AgentRegistry') ?? registryBlock
  if (startBlock === undefined || AgentRegistry === undefined) throw new Error('The plan lacks a market or a registry')
  return { deployment: { chainId, startBlock, startBlocks: { AgentRegistry }, contracts }, created }
}

async function create(prepared: Prepared, { creation, gas }: Cost): Promise<Created> {
  const { account, chainId, fees, journal, onStep } = prepared
  const { contract, nonce, initCode: data } = creation
  const bytes = await account.signTransaction({ type: 'eip1559', chainId, nonce, data, gas, ...fees })
  journal.record(creation, keccak256(bytes))
  await broadcast(prepared, creation, bytes)
  const created = await settle(prepared, creation, journal.transactionsOf(creation))
  onStep(`${contract} is at ${created.address}`)
  return created
}

async function broadcast({ client, deployer }: Prepared, { contract, nonce }: Creation, bytes: Hex) {
  try {
    await client.sendRawTransaction({ serializedTransaction: bytes })
  } catch (cause) {
    // The endpoint may have the transaction even so, if only its answer was lost. If another transaction used the
    // nonce, `settle` finds out which.
    const known = await client.getTransaction({ hash: keccak256(bytes) }).catch((error: unknown) => {
      if (!(error instanceof TransactionNotFoundError)) throw error
    })
    const used = await client.getTransactionCount({ address: deployer })
    if (!known && used <= nonce) throw new Error(`${contract} (nonce ${nonce}) was not taken by RPC_URL`, { cause })
  }
}
