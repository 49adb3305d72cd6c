import {
  type Abi,
  type Address,
  BaseError,
  type Client,
  ContractFunctionExecutionError,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type ContractFunctionReturnType,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
} from 'viem'
import { multicall, readContract } from 'viem/actions'
import { inTurns } from './inTurns.ts'

/**
 * The calldata in one `eth_call`, enough for 40 calls. A multicall without a contract returns its answer as a contract's
 * code, which EIP-170 limits to 24,576 bytes; a bounty takes 512 of them.
 */
const MAX_CALLDATA_BYTES = 40 * 36

/** The block at which views are read. The node refuses where it is not in its chain. */
type At = { blockHash: `0x${string}`; requireCanonical: true }

type Views<abi extends Abi, name extends ContractFunctionName<abi, 'view'>> = {
  address: Address
  abi: abi
  functionName: name
}

/**
 * Calls a view of one id for each id, in few requests. The chain needs no Multicall3.
 * @returns undefined where the view reverts.
 * @throws viem's error if the node cannot read the state.
 */
export async function callEach<const abi extends Abi, name extends ContractFunctionName<abi, 'view'>>(
  node: Client,
  view: Views<abi, name>,
  ids: readonly bigint[],
  at: At,
) {
  const answers = await multicall(node, {
    contracts: ids.map((id): ContractFunctionParameters => ({ ...view, args: [id] }) as ContractFunctionParameters),
    deployless: true,
    batchSize: MAX_CALLDATA_BYTES,
    ...at,
  })
  return answers.map(({ error, result }) => {
    if (error && !isRevert(error)) throw error
    return result as ContractFunctionReturnType<abi, 'view', name> | undefined
  })
}

/** As `callEach`, for views whose results have any length: one request each. */
export async function callEachAlone<const abi extends Abi, name extends ContractFunctionName<abi, 'view'>>(
  node: Client,
  view: Views<abi, name>,
  ids: readonly bigint[],
  at: At,
) {
  return inTurns(ids, async (id) => {
    try {
      const result = await readContract(node, { ...view, args: [id], ...at } as never)
      return result as ContractFunctionReturnType<abi, 'view', name>
    } catch (error) {
      if (!isRevert(error)) throw error
      return undefined
    }
  })
}

/**
 * Whether the contract reverted, or is not there. If `aggregate3` itself failed, viem reports its error for each call in it,
 * which says nothing about a call.
 */
export function isRevert(error: unknown): boolean {
  if (error instanceof ContractFunctionExecutionError && error.functionName === 'aggregate3') return false
  const isRefusal = (cause: unknown) =>
    cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError
  return error instanceof BaseError && error.walk(isRefusal) !== null
}
