import {
  type Abi,
  type Account,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
} from 'viem'

/** A transaction to send from a party. */
export type Call = { action: string; account: Account; to: Address; data: Hex }

type Writes = 'nonpayable' | 'payable'

/** Encodes a call of `functionName` on one of the world's contracts. */
export function callOf<
  const abi extends Abi,
  name extends ContractFunctionName<abi, Writes>,
  const args extends ContractFunctionArgs<abi, Writes, name>,
>(account: Account, contract: { address: Address; abi: abi }, functionName: name, args: args): Call {
  const data = encodeFunctionData({ abi: contract.abi, functionName, args } as unknown as EncodeFunctionDataParameters)
  return { action: functionName, account, to: contract.address, data }
}
