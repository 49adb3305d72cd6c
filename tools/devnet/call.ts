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

/** A transaction to send. */
export type Call<sender = Account> = { action: string; account: sender; to: Address; data: Hex }

type Writes = 'nonpayable' | 'payable'

/** Encodes a call of `functionName` on one of the market's contracts. */
export function callOf<
  sender extends Account | Address,
  const abi extends Abi,
  name extends ContractFunctionName<abi, Writes>,
  const args extends ContractFunctionArgs<abi, Writes, name>,
>(account: sender, contract: { address: Address; abi: abi }, functionName: name, args: args): Call<sender> {
  const data = encodeFunctionData({ abi: contract.abi, functionName, args } as unknown as EncodeFunctionDataParameters)
  return { action: functionName, account, to: contract.address, data }
}
