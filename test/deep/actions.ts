import { runCommand } from './runCommand.ts'

/** Checks that message, action and contract agree for 5,000 actions, with test/e2e/actions/randomAgreement.test.ts. */
export function actions(vitestArguments: string[]) {
  const file = 'actions/randomAgreement'
  const command = ['run', '--project', 'e2e', file, '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', command, { ACTIONS: process.env.ACTIONS ?? '5000' })
}
