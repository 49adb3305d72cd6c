import { startProcess } from './managedProcess.ts'
import { root } from './service.ts'

/**
 * Brings Forge's artifacts in `out/` up to date; takes half a second if they already are.
 * @param paths folders of contracts, from the root.
 * @throws with the compiler's output if the contracts do not compile.
 */
export async function buildContracts(paths: string[] = ['contracts']): Promise<void> {
  const forge = await startProcess({
    name: 'Forge',
    command: process.execPath,
    args: ['tools/toolchain/forge.ts', 'build', '--quiet', ...paths],
    directory: root,
  })
  const how = await forge.ended
  await forge.stop()
  if (how !== 'exited with code 0') throw forge.failure(how)
}
