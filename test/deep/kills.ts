import { runCommand } from './runCommand.ts'

/** Kills the API 100 times during 500 claims, with test/e2e/claims/survival.drill.ts. `SEED` repeats its draws. */
export function kills(vitestArguments: string[]) {
  const survival = ['run', '--project', 'drills', 'claims/survival', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', survival, { KILLS: process.env.KILLS ?? '100' })
}
