import { type Address, formatEther, formatUnits, type PublicClient, parseAbi } from 'viem'
import { estimateL1Fee } from 'viem/op-stack'
import { type Fees, replacementFees } from '../../src/api/relay/chain/fees.ts'
import { CREATE2_DEPLOYER, type Creation } from './plan.ts'

/** The predeploy of every OP-stack chain that estimates its fees. https://specs.optimism.io/protocol/predeploys.html */
const gasPriceOracle = '0x420000000000000000000000000000000000000F'
const gasPriceOracleAbi = parseAbi(['function getOperatorFee(uint256 gasUsed) view returns (uint256)'])

/** Of one transaction, or of all. In wei, except the gas limit. */
type Amounts = {
  gas: bigint
  /** Of the execution, at the current price. */
  execution: bigint
  /** What an OP-stack chain charges in addition, for the data on L1 and for its operator. */
  l1: bigint
  /** The maximum, if the price of gas rises to the fee limit. The chain does not limit the L1 part. */
  most: bigint
}

export type Cost = Amounts & { creation: Creation }

/**
 * The costs of these transactions of the deployer, and fees that still suffice when the base fee doubles.
 * @param replaced The fees of the pending transaction that the first one replaces.
 * @throws if a constructor reverts, or the deployer has too little ETH.
 */
export async function estimateCosts(client: PublicClient, address: Address, creations: Creation[], replaced?: Fees) {
  const [{ baseFeePerGas }, tip] = await Promise.all([client.getBlock(), client.estimateMaxPriorityFeePerGas()])
  if (baseFeePerGas === null) throw new Error('RPC_URL serves a chain without EIP-1559')
  const current = { maxFeePerGas: 2n * baseFeePerGas + tip, maxPriorityFeePerGas: tip }
  const fees = replaced ? replacementFees(replaced, current) : current
  const isOpStack = (await client.getCode({ address: gasPriceOracle })) !== undefined

  const costs: Cost[] = []
  for (const creation of creations) {
    const transaction = { account: address, to: CREATE2_DEPLOYER, data: creation.data, chain: null }
    // Of the latest state: in a pending one, the transaction that the first one replaces has created its contract.
    const used = creation.gasLimit ?? (await client.estimateGas({ ...transaction, blockTag: 'latest' }))
    // The estimate is exact at the moment; the extra tenth allows for a node that counts slightly differently.
    const gas = creation.gasLimit ?? used + used / 10n
    const execution = used * (baseFeePerGas + fees.maxPriorityFeePerGas)
    const parts = isOpStack ? [estimateL1Fee(client, transaction), operatorFee(client, used)] : []
    const l1 = (await Promise.all(parts)).reduce((sum, part) => sum + part, 0n)
    costs.push({ creation, gas, execution, l1, most: gas * fees.maxFeePerGas + l1 })
  }

  const { most } = totalOf(costs)
  const balance = await client.getBalance({ address })
  if (balance < most)
    throw new Error(`${address} has ${formatEther(balance)} ETH; the deployment may take ${formatEther(most)} ETH`)
  return { fees, costs }
}

const operatorFee = (client: PublicClient, gas: bigint) =>
  client.readContract({ address: gasPriceOracle, abi: gasPriceOracleAbi, functionName: 'getOperatorFee', args: [gas] })

/** The costs, a line for each transaction and one for the total. */
export function costLines(costs: readonly Cost[]): string[] {
  const line = (name: string, { gas, execution, l1, most }: Amounts) =>
    `${name.padEnd(24)} ${gas.toLocaleString('en').padStart(12)} gas  ${ether(execution)} ETH` +
    `${l1 > 0n ? ` + ${ether(l1)} ETH to L1` : ''}, at most ${ether(most)} ETH`
  const lines = costs.map((cost) => line(cost.creation.contract, cost))
  return [...lines, line('Total', totalOf(costs))]
}

function totalOf(costs: readonly Amounts[]): Amounts {
  const sum = (part: keyof Amounts) => costs.reduce((total, cost) => total + cost[part], 0n)
  return { gas: sum('gas'), execution: sum('execution'), l1: sum('l1'), most: sum('most') }
}

/** In ether, rounded up to a gwei. */
const ether = (wei: bigint) => formatUnits((wei + 999_999_999n) / 1_000_000_000n, 9)
