import { runCommand } from './runCommand.ts'

/**
 * Kills the API 100 times during 500 claims, with test/e2e/claims/survival.ci.ts. `SEED` repeats its draws;
 * `BLOCK_TIME_SECONDS` is the time between blocks, a second if absent.
 */
export function kills(vitestArguments: string[]) {
  const survival = ['run', '--project', 'ci', 'claims/survival', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', survival, { KILLS: process.env.KILLS ?? '100' })
}
