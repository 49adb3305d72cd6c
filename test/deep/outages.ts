import { runCommand } from './runCommand.ts'

/** Takes the indexer's node away for 90 s at a time, with test/e2e/indexer/outage.ci.ts. */
export function outages(vitestArguments: string[]) {
  const command = ['run', '--project', 'ci', 'indexer/outage', '--disable-console-intercept', ...vitestArguments]
  runCommand('vitest', command, { OUTAGE_SECONDS: process.env.OUTAGE_SECONDS ?? '90' })
}
