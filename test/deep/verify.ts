import { runCommand } from './runCommand.ts'

/**
 * Changes one member each of 10,000 answers, and reads 10,000 honest answers through reorgs, with
 * test/tools/client/verify.test.ts. `SEED` repeats its draws.
 */
export function verify(vitestArguments: string[]) {
  const { VERIFY_LIES = '10000', VERIFY_ANSWERS = '10000' } = process.env
  const command = ['run', '--project', 'tools', 'client/verify', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', command, { VERIFY_LIES, VERIFY_ANSWERS })
}
