import { type Abi, type AbiFunction, encodeFunctionData, type Hex } from 'viem'

/** The data of a call, whose parameters have the names of the values. */
export function callDataByNames(abi: Abi, functionName: string, values: Record<string, unknown>): Hex {
  const call = abi.find((item): item is AbiFunction => item.type === 'function' && item.name === functionName)
  if (!call) throw new Error(`The contract has no function ${functionName}`)
  return encodeFunctionData({ abi: [call], functionName, args: call.inputs.map(({ name = '' }) => values[name]) })
}
