import { readFileSync } from 'node:fs'

/** Changes Ponder where it would show wrong data or hang. Its comments have the reason of each hunk. */
export const PATCH = 'patches/ponder+0.17.7.patch'

const installed = new URL('../../', import.meta.resolve('ponder'))

/**
 * @param read the text of a file of the installed Ponder, by its path in the package.
 * @returns the lines that the patch adds and that the installed Ponder does not have.
 */
export function missingLines(read = (path: string) => readFileSync(new URL(path, installed), 'utf8')): string[] {
  const [, ...files] = readFileSync(PATCH, 'utf8').split(/^diff --git .*\n/m)
  return files.flatMap((file) => {
    const path = /^\+\+\+ b\/node_modules\/ponder\/(.+)$/m.exec(file)?.[1] ?? ''
    const lines = new Set(read(path).split('\n'))
    const added = [...file.matchAll(/^\+(?!\+\+ )(.*)$/gm)].map(([, line = '']) => line)
    return added.filter((line) => !lines.has(line)).map((line) => `${path}: ${line.trim()}`)
  })
}
