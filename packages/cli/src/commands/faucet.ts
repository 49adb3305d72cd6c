import type { Command } from 'commander'
import { erc20Abi, parseEther, testActions } from 'viem'
import { action } from '../action.ts'
import { formatUsdc, parseUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'
import { DEVNET_CHAIN_ID, openSession } from '../session.ts'
import { transact } from '../transact.ts'

/** Enough gas for thousands of transactions. */
const ETHER = parseEther('10')

/** `faucet`: anyone may mint the USDC of a devnet. */
export function addFaucet(program: Command) {
  program
    .command('faucet')
    .description('mint USDC for the key’s account, and give it gas, on a devnet')
    .argument('<amount>', 'whole USDC', parseUsdc)
    .action(
      action<unknown, [bigint]>(async (context, amount) => {
        const session = await openSession(context)
        const { node, contracts, chainId } = session
        if (chainId !== DEVNET_CHAIN_ID) {
          throw new CommandError('NO_FAUCET', `Chain ${chainId} has no faucet. Send USDC and gas to the account.`)
        }
        const { address } = node.account
        if (!context.dryRun && (await node.getBalance({ address })) < ETHER) {
          await node.extend(testActions({ mode: 'anvil' })).setBalance({ address, value: ETHER })
        }
        await transact(session, context, [
          {
            action: `mint ${formatUsdc(amount)} for ${address}`,
            address: contracts.usdc,
            functionName: 'mint',
            args: [address, amount],
          },
        ])
        const read = { address: contracts.usdc, abi: erc20Abi, functionName: 'balanceOf', args: [address] } as const
        const balance = await node.readContract(read)
        context.output.line(`The account has ${formatUsdc(balance)}.`)
        context.output.result({ address, balance: String(balance), ...(context.dryRun && { dryRun: true }) })
      }),
    )
}
