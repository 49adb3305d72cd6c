import type { Command } from 'commander'
import { createSalt } from '../../../client/src/index.ts'
import { action } from '../action.ts'
import { parseHash } from '../arguments.ts'
import { openReader } from '../session.ts'

/** `action wait` and `salt`: after an answer that says nothing, whether an action is made, and how it is repeated as the same one. */
export function addActionCommands(program: Command) {
  program
    .command('action')
    .description('actions and claims that the API sends')
    .command('wait')
    .description('wait until an action or a claim is mined')
    .argument('<actionId>', 'its id, which the error of an undecided one names', parseHash)
    .action(
      action<unknown, [string]>(async (context, actionId) => {
        const { output } = context
        const found = await openReader(context).actions.wait(actionId)
        output.line(`The action ${actionId} is ${found.state}: transaction ${found.txHash}, block ${found.blockNumber}`)
        output.result({ action: found })
      }),
    )

  program
    .command('salt')
    .description(
      'print a salt: with it, a post, stake or registration is paid once within nine minutes, also if repeated',
    )
    .action(
      action<unknown, []>(async ({ output }) => {
        const salt = createSalt()
        output.line(salt)
        output.result({ salt })
      }),
    )
}
