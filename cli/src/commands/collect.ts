import type { Command } from 'commander'
import type { Address } from 'viem'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { action } from '../action.ts'
import { formatUsdc, parseAddress } from '../arguments.ts'
import { openSession } from '../session.ts'
import { transact } from '../transact.ts'

/** `collect`: anyone may have a deferred payment paid to its payee. */
export function addCollect(program: Command) {
  program
    .command('collect')
    .description('pay an address what the market owes it, because USDC refused the payment')
    .argument('[payee]', 'the address; the key’s if absent', parseAddress)
    .action(
      action<unknown, [Address | undefined]>(async (context, named) => {
        const session = await openSession(context)
        const address = session.contracts.market
        const payee = named ?? session.node.account.address
        const read = { address, abi: bountyMarketAbi, functionName: 'owed', args: [payee] } as const
        const amount = await session.node.readContract(read)
        await transact(session, context, [
          { action: `collect ${formatUsdc(amount)} for ${payee}`, address, functionName: 'collect', args: [payee] },
        ])
        context.output.result({ payee, amount: String(amount), ...(context.dryRun && { dryRun: true }) })
      }),
    )
}
