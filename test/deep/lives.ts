import { runCommand } from './runCommand.ts'

/**
 * Kills API, indexer and PostgreSQL during 500 lives of runs, with test/e2e/actions/survival.ci.ts. `SEED` repeats its
 * draws.
 */
export function lives(vitestArguments: string[]) {
  const survival = ['run', '--project', 'ci', 'actions/survival', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', survival, { LIVES: process.env.LIVES ?? '500' })
}
