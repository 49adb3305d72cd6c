import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerCleanup } from '../../tools/devnet/registerCleanup.ts'

export type TemporaryDirectory = Awaited<ReturnType<typeof temporaryDirectory>>

/** Creates an empty directory. It is removed even if this process is killed. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'runline-'))
  registerCleanup({ directory: path })
  return { path, remove: () => rm(path, { recursive: true }) }
}
