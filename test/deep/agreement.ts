import { runCommand } from './runCommand.ts'

/** Asks for 5,000 pairs in random states whether eligibility and claim agree: test/e2e/claimAgreement.test.ts at length. */
export function agreement(vitestArguments: string[]) {
  const command = ['run', '--project', 'e2e', 'claimAgreement', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', command, { CLAIM_PAIRS: process.env.CLAIM_PAIRS ?? '5000' })
}
