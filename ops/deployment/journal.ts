import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const content = z.strictObject({
  /** The deployer's nonce before its first transaction. It fixes the addresses of all contracts. */
  firstNonce: z.int().nonnegative(),
  /** The chain, the terms and the code, which must be the same in every run of the deployment, by name. */
  fixed: z.record(z.string(), z.string()),
  /** By contract: every transaction signed to create it. They share a nonce, so at most one can be mined. */
  transactions: z.record(z.string(), z.array(z.templateLiteral(['0x', z.hex()]))),
})

/** The progress of an unfinished deployment. */
export type Journal = z.infer<typeof content>

/** @returns the journal of an earlier run, if the file exists. @throws if the file is malformed. */
export function readJournal(path: string): Journal | undefined {
  if (!existsSync(path)) return undefined
  const parsed = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (parsed.success) return parsed.data
  throw new Error(`${path} is malformed:\n${z.prettifyError(parsed.error)}`)
}

/**
 * @param fixed The terms and code of this run.
 * @throws if the earlier run's differ: its contracts would not match the remaining ones.
 */
export function assertUnchanged(path: string, { fixed: begun }: Journal, fixed: Journal['fixed']): void {
  const changes = Object.keys({ ...begun, ...fixed })
    .filter((name) => begun[name] !== fixed[name])
    .map((name) => `  ${name} was ${begun[name] ?? 'absent'}, and is ${fixed[name] ?? 'absent'}`)
  if (changes.length === 0) return
  throw new Error(
    `${path} is of a deployment with other terms or code:\n${changes.join('\n')}\n` +
      'Restore these to resume it, or move the file away to start a new deployment.',
  )
}
