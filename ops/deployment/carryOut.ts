import { type Hex, keccak256, TransactionNotFoundError } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import type { Cost } from './cost.ts'
import type { Creation } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { type Created, settle } from './settle.ts'

/**
 * Sends what remains to be sent, each transaction after the one before is mined.
 * @throws if a transaction cannot be sent, reverts, or is not mined for long. With a journal, the next run goes on.
 * @returns where everything is, and every contract that this run and earlier ones created.
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
    throw new Error(`AgentStaking is at ${staking}, not at ${contracts.AgentStaking}`)
  prepared.onStep(`AgentStaking is at ${staking}`)

  const blockOf = (name: string) => created.find(({ contract }) => contract === name)?.block
  const [startBlock, AgentRegistry] = [blockOf('BountyMarket'), blockOf('AgentRegistry') ?? registryBlock]
  if (startBlock === undefined || AgentRegistry === undefined)
    throw new Error('The plan is without a market or registry')
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
    // Taken by the endpoint all the same, as when its answer was lost; or too late, of which `settle` finds out why.
    const known = await client.getTransaction({ hash: keccak256(bytes) }).catch((error: unknown) => {
      if (!(error instanceof TransactionNotFoundError)) throw error
    })
    const used = await client.getTransactionCount({ address: deployer })
    if (!known && used <= nonce) throw new Error(`${contract} (nonce ${nonce}) was not taken by RPC_URL`, { cause })
  }
}
