import { writeDeployment } from '../../ops/writeDeployment.ts'
import { type Api, startApi } from '../../tools/devnet/api.ts'
import { chainId, viewsSchema } from './indexedTables.ts'
import { placeholderDeployment } from './placeholderDeployment.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** Starts an API that reads an index of rows. It has no relayer's key, so that it needs no chain. */
export async function startIndexApi(databaseUrl: string, env: Record<string, string> = {}): Promise<Api> {
  await using parts = new AsyncDisposableStack()
  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  writeDeployment(placeholderDeployment(chainId), deployments.path)
  const api = await startApi({
    databaseUrl,
    schema: viewsSchema,
    chainId,
    rpcUrl: 'http://127.0.0.1:1',
    deploymentsDirectory: deployments.path,
    env,
  })
  parts.defer(api.stop)
  const kept = parts.move()
  return { ...api, stop: () => kept.disposeAsync() }
}
