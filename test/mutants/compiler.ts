import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import solc from 'solc'

/**
 * Starts a compiler that stays loaded. Forge starts a process for each compilation, and to load the compiler's WebAssembly
 * and to run it before it is optimized would take longer than the rest.
 * @param socketPath Where it listens. @returns what Forge needs in its environment to use it.
 */
export async function startCompiler(socketPath: string) {
  const thread = new Worker(new URL('compilerThread.ts', import.meta.url), { workerData: socketPath })
  await once(thread, 'message')
  return {
    environment: {
      FOUNDRY_SOLC: fileURLToPath(new URL('solcClient.ts', import.meta.url)),
      SOLC_SOCKET: socketPath,
      SOLC_VERSION: solc.version(),
    },
    stop: () => thread.terminate(),
  }
}
