import { existsSync, readFileSync, rmSync } from 'node:fs'
import { type Hash, type Hex, isHash, isHex } from 'viem'
import { z } from 'zod'
import { writeJson } from '../writeJson.ts'
import type { Creation } from './plan.ts'

const hash = z.custom<Hash>((value) => typeof value === 'string' && isHash(value))
const hex = z.custom<Hex>((value) => isHex(value))

const content = z.strictObject({
  /** Hash of the genesis block, because all devnets share one chain id. */
  genesis: hash,
  deployer: hex,
  firstNonce: z.int().nonnegative(),
  /** What must be the same in every run of the deployment, by name. */
  fixed: z.record(z.string(), z.string()),
  /** By contract: every transaction signed to create it. They share a nonce, so at most one can be mined. */
  transactions: z.record(z.string(), z.array(hash)),
})

type Content = z.infer<typeof content>

export type Start = Omit<Content, 'transactions'>

/**
 * The progress of an unfinished deployment. All nonces are fixed before the first transaction, and each transaction is
 * recorded before it is sent: after any crash, a later run finds what was sent and cannot create a contract twice.
 */
export class Journal {
  readonly #path: string | undefined
  readonly start: Start
  readonly #transactions: Content['transactions']

  private constructor(path: string | undefined, { transactions, ...start }: Content) {
    this.#path = path
    this.start = start
    this.#transactions = transactions
  }

  /** @param path Its file, made at the first record; without one, the deployment cannot be resumed. */
  static begin(path: string | undefined, start: Start): Journal {
    return new Journal(path, { ...start, transactions: {} })
  }

  /**
   * @returns the journal of an earlier run; undefined if the file does not exist.
   * @throws if the file is malformed.
   */
  static read(path: string): Journal | undefined {
    if (!existsSync(path)) return undefined
    const parsed = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (!parsed.success) throw new Error(`${path} is malformed:\n${z.prettifyError(parsed.error)}`)
    return new Journal(path, parsed.data)
  }

  /**
   * @param fixed The terms and code of this run.
   * @throws if the earlier run's differ: its contracts would not match the remaining ones.
   */
  assertUnchanged(fixed: Start['fixed']): void {
    const begun = this.start.fixed
    const names = [...new Set([...Object.keys(begun), ...Object.keys(fixed)])].filter(
      (name) => begun[name] !== fixed[name],
    )
    if (names.length === 0) return
    const changes = names.map((name) => `  ${name} was ${begun[name] ?? 'absent'}, and is ${fixed[name] ?? 'absent'}`)
    throw new Error(
      `${this.#path} is of a deployment with other terms or code:\n${changes.join('\n')}\n` +
        'Restore these to resume it, or move the file away to start a new deployment.',
    )
  }

  transactionsOf({ contract }: Creation): readonly Hash[] {
    return this.#transactions[contract] ?? []
  }

  /** Records the transaction. Call it before the transaction is sent. */
  record({ contract }: Creation, transaction: Hash): void {
    this.#transactions[contract] = [...new Set([...(this.#transactions[contract] ?? []), transaction])]
    if (this.#path) writeJson(this.#path, { ...this.start, transactions: this.#transactions })
  }

  /** Removes the file, once the deployment is finished and stored elsewhere. */
  remove(): void {
    if (this.#path) rmSync(this.#path, { force: true })
  }
}
