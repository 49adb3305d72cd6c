import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'

/**
 * Packs a workspace with `npm pack`, and installs the tarball in a project as npm does, but with links to the installed
 * dependencies, so that it needs no registry.
 * @returns the files in the tarball.
 */
export async function installPacked(workspace: string, project: string): Promise<string[]> {
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', project], { cwd: workspace })
  const [{ name, filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  const modules = join(project, 'node_modules')
  const target = join(modules, name)
  await mkdir(target, { recursive: true })
  await execa('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', target])
  const { dependencies, peerDependencies, bin = {} } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8'))
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    // The workspace has its own copy where the root has another version.
    const own = join(workspace, 'node_modules', dependency)
    await link(existsSync(own) ? own : join('node_modules', dependency), join(modules, dependency))
  }
  for (const [command, file] of Object.entries<string>(bin)) {
    await chmod(join(target, file), 0o755)
    await link(join(target, file), join(modules, '.bin', command))
  }
  return files.map(({ path }: { path: string }) => path)
}

async function link(target: string, path: string) {
  await mkdir(dirname(path), { recursive: true })
  await symlink(resolve(target), path)
}

/**
 * What `npm publish` would publish of a workspace that was packed before. It asks no registry: none listens where it looks.
 * @returns name and version, and the files.
 */
export async function publishDry(workspace: string): Promise<{ id: string; files: string[] }> {
  const options = ['--dry-run', '--json', '--ignore-scripts', '--registry=http://127.0.0.1:1', '--fetch-retries=0']
  const { stdout } = await execa('npm', ['publish', ...options], { cwd: workspace })
  const answer = JSON.parse(stdout)
  const { id, files } = 'id' in answer ? answer : Object.values<typeof answer>(answer)[0]
  return { id, files: files.map(({ path }: { path: string }) => path) }
}
