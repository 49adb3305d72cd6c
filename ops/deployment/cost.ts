import { type Address, formatEther, type PublicClient } from 'viem'
import { estimateL1Fee, estimateOperatorFee } from 'viem/op-stack'
import type { Prices } from './fees.ts'
import type { Creation } from './plan.ts'

/** The predeploy of every OP-stack chain that estimates its fees. https://specs.optimism.io/protocol/predeploys.html */
const gasPriceOracle = '0x420000000000000000000000000000000000000F'

/** The cost of one transaction, in wei. */
export type Cost = {
  creation: Creation
  /** The gas limit. */
  gas: bigint
  /** Of the execution, at the current price. */
  execution: bigint
  /** What an OP-stack chain charges in addition, for the data on L1 and for its operator. */
  l1: bigint
  /** The maximum, if the price of gas rises to the fee limit. The chain does not limit the L1 part. */
  most: bigint
}

/** @throws if a constructor reverts. */
export async function estimateCosts(
  client: PublicClient,
  deployer: Address,
  creations: readonly Creation[],
  { fees, current }: Prices,
): Promise<Cost[]> {
  if (creations.length === 0) return []
  const isOpStack = (await client.getCode({ address: gasPriceOracle })) !== undefined
  return Promise.all(
    creations.map(async (creation) => {
      const transaction = { account: deployer, data: creation.initCode, chain: null }
      const used = await client.estimateGas(transaction)
      // The estimate is exact at the moment; the extra tenth allows for a node that counts slightly differently.
      const gas = used + used / 10n
      const l1 = isOpStack
        ? (await estimateL1Fee(client, transaction)) + (await estimateOperatorFee(client, transaction))
        : 0n
      return { creation, gas, execution: used * current, l1, most: gas * fees.maxFeePerGas + l1 }
    }),
  )
}

/** The costs, a line for each transaction and one for the total. */
export function costLines(costs: readonly Cost[]): string[] {
  const line = (name: string, { gas, execution, l1, most }: Omit<Cost, 'creation'>) =>
    `${name.padEnd(24)} ${gas.toLocaleString('en').padStart(12)} gas  ${ether(execution)} ETH` +
    `${l1 > 0n ? ` + ${ether(l1)} ETH to L1` : ''}, at most ${ether(most)} ETH`
  const sum = (part: 'gas' | 'execution' | 'l1' | 'most') => costs.reduce((total, cost) => total + cost[part], 0n)
  return [
    ...costs.map((cost) => line(`${cost.creation.contract}, nonce ${cost.creation.nonce}`, cost)),
    line('Total', { gas: sum('gas'), execution: sum('execution'), l1: sum('l1'), most: sum('most') }),
  ]
}

const GWEI = 10n ** 9n

/** In ether, rounded up to a gwei. */
function ether(wei: bigint): string {
  return formatEther(((wei + GWEI - 1n) / GWEI) * GWEI)
}
