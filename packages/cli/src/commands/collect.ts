import type { Command } from 'commander'
import { type Address, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { action } from '../action.ts'
import { formatUsdc, parseAddress } from '../arguments.ts'
import { isRelayed, openSession, relayOptions } from '../session.ts'
import { transact } from '../transact.ts'
import { type RelayOptions, relay } from './relay.ts'

/** `collect`: anyone may have what the market owes paid to its payee. */
export function addCollect(program: Command) {
  program
    .command('collect')
    .description('pay an address what the market owes it: refused payments, or the treasury’s fees')
    .argument('[payee]', 'the address; the key’s if absent', parseAddress)
    .addOption(relay())
    .action(
      action<RelayOptions, [Address | undefined]>(async (context, named) => {
        const session = await openSession(context)
        const address = session.contracts.market
        const payee = named ?? session.node.account.address
        const read = { address, abi: bountyMarketAbi, functionName: 'owed', args: [payee] } as const
        const owed = await session.node.readContract(read)
        const action = `collect ${formatUsdc(owed)} for ${payee}`
        if (await isRelayed(context, session)) {
          const { txHash, blockNumber, actionId } = await session.runline.runs.collect(payee, relayOptions(session))
          context.output.transaction({ action, txHash, blockNumber, actionId })
          return context.output.result({ payee, amount: String(owed) })
        }
        const receipt = await transact(session, context, [{ action, address, functionName: 'collect', args: [payee] }])
        if (!receipt) return context.output.result({ payee, amount: String(owed), dryRun: true })
        // One unit of the treasury's stays.
        const [collected] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'PaymentCollected', logs: receipt.logs })
        context.output.result({ payee, amount: String(collected?.args.amount ?? 0n) })
      }),
    )
}
