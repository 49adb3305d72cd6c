import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { registerCleanup } from '../../tools/devnet/registerCleanup.ts'

export type SmallDisk = NonNullable<Awaited<ReturnType<typeof mountSmallDisk>>>

/**
 * Mounts an empty disk in memory, which every user may write to. It is unmounted even if this process is killed.
 * @returns undefined where this user may not mount one.
 */
export async function mountSmallDisk(megabytes: number) {
  const path = await mkdtemp(join(tmpdir(), 'runline-disk-'))
  const mount = (size: number, ...more: string[]) => {
    const options = [`size=${size}m`, 'mode=1777', ...more].join()
    return execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { reject: false })
  }
  if ((await mount(megabytes)).failed) {
    await rmdir(path)
    return undefined
  }
  registerCleanup({ mounted: path })
  return {
    path,
    megabytes,
    /** Makes it larger. What it has stays. */
    async enlarge(to: number) {
      const { failed, stderr } = await mount(to, 'remount')
      if (failed) throw new Error(`The disk at ${path} cannot be enlarged to ${to} MB: ${stderr}`)
    },
    async unmount() {
      await execa('umount', ['--lazy', path])
      await rmdir(path)
    },
  }
}
