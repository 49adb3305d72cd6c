import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/**
 * Brings Forge's artifacts in `out/` up to date: half a second if they are.
 * @throws with the compiler's output if the contracts do not compile.
 */
export async function buildContracts(): Promise<void> {
  const forge = spawn('forge', ['build', '--quiet', 'contracts'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [code, output, errors] = await Promise.all([
    new Promise((resolve, reject) => forge.once('error', reject).once('close', resolve)),
    text(forge.stdout),
    text(forge.stderr),
  ])
  if (code !== 0) throw new Error(`forge build failed:\n${output}${errors}`)
}
