import { audit } from '../../ops/audit/audit.ts'
import type { World } from './world.ts'

/** More than the 64 blocks after which Anvil counts a block as finalized. */
const FINAL_BLOCKS = 70

type Options = { world: World; databaseUrl: string; deploymentsDirectory: string; rpcUrl: string }

/** Compares every table with the chain, as an operator does; the chain makes blocks while the audit waits for finality. */
export async function auditTables({ world, databaseUrl, deploymentsDirectory, rpcUrl }: Options): Promise<string[]> {
  const env = {
    DATABASE_URL: databaseUrl,
    DATABASE_SCHEMA: 'runline',
    CHAIN_ID: world.deployment.chainId,
    DEPLOYMENTS_DIR: deploymentsDirectory,
    RPC_URL: [rpcUrl] as [string],
  }
  const mining: Promise<void>[] = []
  const progress = {
    show: (part: string) => part.startsWith('Waiting') && mining.push(world.node.mine({ blocks: FINAL_BLOCKS })),
    line: () => undefined,
  }
  const { differences } = await audit(env, progress)
  await Promise.all(mining)
  return differences
}
