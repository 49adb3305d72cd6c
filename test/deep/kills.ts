import { runCommand } from './runCommand.ts'

/** Kills the API 100 times while 500 claims flow: test/e2e/claimSurvival.test.ts at length. `SEED` replays its draws. */
export function kills(vitestArguments: string[]) {
  const survival = ['run', '--project', 'e2e', 'claimSurvival', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', survival, { KILLS: process.env.KILLS ?? '100' })
}
