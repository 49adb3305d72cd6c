import { execa } from 'execa'

/**
 * Brings Forge's artifacts in `out/` up to date: half a second if they are.
 * @throws with the compiler's output if the contracts do not compile.
 */
export async function buildContracts(): Promise<void> {
  // Forge runs `toolchain/solc.ts` with the Node that comes first, which must be the lockfile's.
  await execa({ preferLocal: true, all: true })`node toolchain/forge.ts build --quiet contracts`
}
