import { execa } from 'execa'
import type { MarketOnAnvil } from './marketOnAnvil.ts'

/** More than the 64 blocks after which Anvil counts a block as finalized. */
const FINAL_BLOCKS = 70

/**
 * Runs `npm run audit` as an operator does, without npm's own output, and mines blocks while it waits until its block is
 * finalized.
 * @param env the settings of the audit.
 */
export async function auditOnce(env: Record<string, string>, client: Pick<MarketOnAnvil['client'], 'mine'>) {
  const command = execa('node', ['ops/auditCommand.ts'], { env, preferLocal: true, reject: false })
  for await (const line of command.iterable({ from: 'stderr' })) {
    if (line.startsWith('Waiting until block')) await client.mine({ blocks: FINAL_BLOCKS })
  }
  const { stdout, stderr, exitCode } = await command
  return { stdout, stderr, exitCode }
}
