import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { DEVNET } from '../../src/api/deployment.ts'

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

/**
 * @param fresh The journal of a new deployment with this run's terms and code.
 * @returns the journal of the earlier run that this one resumes, else `fresh`.
 * @throws if the file is malformed, or if the earlier run's terms or code differ: its contracts would not match.
 */
export function openJournal(path: string, chainId: number, fresh: Journal, onStep: (line: string) => void): Journal {
  if (!existsSync(path)) return fresh
  const { data: begun, error } = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!begun) throw new Error(`${path} is malformed:\n${z.prettifyError(error)}`)
  // All devnets share one chain id.
  if (chainId === DEVNET && begun.fixed.GENESIS !== fresh.fixed.GENESIS) {
    onStep(`${path} is of a devnet that has ended: starting a new deployment`)
    return fresh
  }
  const changes = Object.keys({ ...begun.fixed, ...fresh.fixed })
    .filter((name) => begun.fixed[name] !== fresh.fixed[name])
    .map((name) => `  ${name} was ${begun.fixed[name] ?? 'absent'}, and is ${fresh.fixed[name] ?? 'absent'}`)
  if (changes.length > 0) {
    throw new Error(
      `${path} is of a deployment with other terms or code:\n${changes.join('\n')}\n` +
        'Restore these to resume it, or move the file away to start a new deployment.',
    )
  }
  onStep(`Resuming the deployment in ${path}`)
  return begun
}
