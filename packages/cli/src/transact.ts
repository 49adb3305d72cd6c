import { type Address, erc20Abi, type TransactionReceipt } from 'viem'
import { simulateBlocks } from 'viem/actions'
import { abi, type Call as ContractCall } from '../../client/src/transactions.ts'
import type { Context } from './action.ts'
import { formatUsdc } from './arguments.ts'
import { CommandError } from './commandError.ts'
import type { Session } from './session.ts'

/** A call of a contract, and what it does: `stake 20 USDC for agent 3`. */
export type Call = ContractCall & { action: string }

/**
 * Sends the calls in order, each after a simulation and the receipt of the one before. In a dry run it simulates all of
 * them, each on the state that those before leave, and sends none.
 * @returns the receipt of the last call, undefined in a dry run. @throws viem's error with the contract's reason.
 */
export async function transact({ node }: Session, { dryRun, output }: Context, calls: Call[]) {
  if (dryRun) {
    await simulate(node, calls)
    for (const { action } of calls) output.transaction({ action })
    return undefined
  }
  let last: TransactionReceipt | undefined
  for (const { action, ...call } of calls) {
    last = await send(node, call)
    output.transaction({ action, txHash: last.transactionHash, blockNumber: Number(last.blockNumber) })
  }
  return last
}

/** The approval that a call needs before it takes USDC of the account: none where the allowance is enough. */
export async function approvalFor(
  { node, contracts: { usdc } }: Session,
  spender: Address,
  amount: bigint,
): Promise<Call[]> {
  const args = [node.account.address, spender] as const
  const allowance = await node.readContract({ address: usdc, abi: erc20Abi, functionName: 'allowance', args })
  if (allowance >= amount) return []
  const action = `approve ${formatUsdc(amount)} for ${spender}`
  return [{ action, address: usdc, functionName: 'approve', args: [spender, amount] }]
}

async function send(node: Session['node'], call: Omit<Call, 'action'>): Promise<TransactionReceipt> {
  const { request } = await node.simulateContract({ abi, ...call })
  const hash = await node.writeContract({ ...request, chain: null })
  const receipt = await node.waitForTransactionReceipt({ hash })
  if (receipt.status === 'success') return receipt
  throw new CommandError(
    'REVERTED',
    `${call.functionName} reverted in transaction ${hash}: the state of the market has changed since the simulation. Try again.`,
    { kind: 'refused' },
  )
}

async function simulate(node: Session['node'], calls: Call[]) {
  const account = node.account.address
  const inOrder = calls.map(({ address: to, functionName, args }) => ({ account, to, abi, functionName, args }))
  const [block] = await simulateBlocks(node, { blocks: [{ calls: inOrder }] })
  for (const [index, { status, error }] of (block?.calls ?? []).entries()) {
    if (status === 'success') continue
    if (error) throw error
    const message = `The call would fail: ${calls[index]?.action}. The node names no reason.`
    throw new CommandError('REVERTED', message, { kind: 'refused' })
  }
}
