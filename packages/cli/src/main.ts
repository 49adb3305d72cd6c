#!/usr/bin/env node
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addActionCommands } from './commands/action.ts'
import { addAgentCommands } from './commands/agent.ts'
import { addCollect } from './commands/collect.ts'
import { addEvaluator } from './commands/evaluator.ts'
import { addFaucet } from './commands/faucet.ts'
import { addMcp } from './commands/mcp.ts'
import { addRunReads } from './commands/runReads.ts'
import { addRunTransactions } from './commands/runTransactions.ts'
import { exitCodes } from './explain.ts'
import { addSettings } from './settings.ts'

const program = new Command('runline')
  .description('Posts runs to a Runline market, claims them, delivers, and reviews.')
  .version(packageJson.version)
  .helpCommand(false)
  .showHelpAfterError('Run it with --help to see its arguments.')
  // Commander ends with 1 after a wrong argument.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.usage))
addSettings(program)
addFaucet(program)
addAgentCommands(program.command('agent').description('agents: identities with stake that claim runs'))
const run = program.command('run').description('runs: requests for work, with the reward in escrow')
addRunReads(run)
addRunTransactions(run)
addCollect(program)
addActionCommands(program)
addEvaluator(program)
addMcp(program)
// So that `runline run claim --help` shows --api, --json and the other settings too.
const showSettings = (command: Command) => {
  command.configureHelp({ showGlobalOptions: true })
  command.commands.forEach(showSettings)
}
showSettings(program)
await program.parseAsync()
