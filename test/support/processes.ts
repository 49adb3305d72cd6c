import { execa } from 'execa'

/**
 * The processes that have `text` in their command line or environment, one per line. A part's child processes inherit
 * its environment, so a value that is unique to the part finds all of them.
 */
export async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,command='], { maxBuffer: 50_000_000 })
  return stdout.split('\n').filter((line) => line.includes(text) && !/^\s*\d+ ps /.test(line))
}
