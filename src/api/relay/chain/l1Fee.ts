import { encodeFunctionData, type Hex, hexToBigInt, type PublicClient, parseAbi } from 'viem'
import { reuseResult } from '../../reuseResult.ts'
import { answer, revertOf } from './client.ts'
import { MAX_GAS } from './gas.ts'

/** The predeploy of OP Stack chains that prices what a transaction costs beside its gas. https://specs.optimism.io */
const ORACLE = '0x420000000000000000000000000000000000000F'

const oracleAbi = parseAbi([
  'function getL1FeeUpperBound(uint256 unsignedSize) view returns (uint256)',
  'function getOperatorFee(uint256 gasUsed) view returns (uint256)',
])

/** Bytes of an unsigned transaction with one signed claim: ten words of data, and up to 60 bytes beside them. */
const CLAIM_BYTES = 400n

/** How long an answer is reused. L1's base fee changes by at most an eighth within its block time of 12 seconds. */
const LIFETIME_MS = 10_000

/**
 * The most that one claim costs beside its gas, at the current prices, in wei: the fee for its data on L1, and the
 * operator fee. Both are 0 on chains without the OP Stack's oracle, and a fee that the oracle does not know is 0.
 * @returns a function that throws Problem RELAY_UNAVAILABLE if the node does not answer.
 */
export const createL1Fee = (client: PublicClient): (() => Promise<bigint>) =>
  reuseResult(LIFETIME_MS, async () => {
    const [data, operator] = await Promise.all([
      ask(client, encodeFunctionData({ abi: oracleAbi, functionName: 'getL1FeeUpperBound', args: [CLAIM_BYTES] })),
      ask(client, encodeFunctionData({ abi: oracleAbi, functionName: 'getOperatorFee', args: [MAX_GAS] })),
    ])
    return data + operator
  })

async function ask(client: PublicClient, data: Hex): Promise<bigint> {
  try {
    const { data: fee } = await answer(client.call({ to: ORACLE, data }))
    return fee === undefined ? 0n : hexToBigInt(fee)
  } catch (error) {
    if (revertOf(error)) return 0n
    throw error
  }
}
