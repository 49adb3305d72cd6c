import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerCleanup } from '../../devnet/registerCleanup.ts'

/** An empty directory, and how to remove it. It does not outlive this process even if that is killed. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'runline-test-'))
  registerCleanup({ directory: path })
  return { path, remove: () => rm(path, { recursive: true }) }
}
