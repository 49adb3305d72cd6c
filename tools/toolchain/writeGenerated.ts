import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes a file that `npm run <command>` makes from `source`. With the argument `--check` it only compares the file, and
 * the process fails if they differ.
 */
export function writeGenerated(path: string, text: string, source: string, command: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  if (process.argv.includes('--check')) {
    console.error(`${path} differs from ${source}. Run \`npm run ${command}\` and commit the result.`)
    process.exitCode = 1
  } else {
    writeFileSync(path, text)
  }
}
