import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { registerCleanup } from '../../tools/devnet/registerCleanup.ts'

/**
 * Mounts an empty disk in memory, which every user may write to. It is unmounted even if this process is killed.
 * @returns undefined where this user may not mount one.
 */
export async function mountSmallDisk(megabytes: number) {
  const path = await mkdtemp(join(tmpdir(), 'runline-disk-'))
  const options = `size=${megabytes}m,mode=1777`
  if ((await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { reject: false })).failed) {
    await rmdir(path)
    return undefined
  }
  registerCleanup({ mounted: path })
  return {
    path,
    async unmount() {
      await execa('umount', ['--lazy', path])
      await rmdir(path)
    },
  }
}
