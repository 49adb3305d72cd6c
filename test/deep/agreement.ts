import { runCommand } from './runCommand.ts'

/** Checks that eligibility and claim agree for 5,000 pairs in random states, with test/e2e/claims/agreement.test.ts. */
export function agreement(vitestArguments: string[]) {
  const command = ['run', '--project', 'e2e', 'claims/agreement', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', command, { CLAIM_PAIRS: process.env.CLAIM_PAIRS ?? '5000' })
}
