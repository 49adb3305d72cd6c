import { existsSync, readFileSync, rmSync } from 'node:fs'
import { type Hash, type Hex, isHash, isHex } from 'viem'
import { z } from 'zod'
import { writeJson } from '../writeJson.ts'
import type { Creation } from './plan.ts'

const hash = z.custom<Hash>((value) => typeof value === 'string' && isHash(value))
const hex = z.custom<Hex>((value) => isHex(value))

const content = z.strictObject({
  /** Hash of the chain's first block: two devnets have the same id. */
  genesis: hash,
  deployer: hex,
  firstNonce: z.int().nonnegative(),
  /** What must be the same in every run of the deployment, by name. */
  fixed: z.record(z.string(), z.string()),
  /** By contract: every transaction that was ever signed to create it. At most one of them can be mined. */
  transactions: z.record(z.string(), z.array(hash)),
})

type Content = z.infer<typeof content>

export type Start = Omit<Content, 'transactions'>

/**
 * How far an unfinished deployment has come. A transaction is written down before it is sent, and its nonce is decided
 * before the first: whatever happens in between, a later run finds what was sent and cannot do it twice.
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

  /** @param path Its file, made with the first record; where it is absent, the deployment cannot be gone on with. */
  static begin(path: string | undefined, start: Start): Journal {
    return new Journal(path, { ...start, transactions: {} })
  }

  /**
   * @returns what an earlier run has left in the file; nothing if there is none.
   * @throws if the file is malformed.
   */
  static read(path: string): Journal | undefined {
    if (!existsSync(path)) return undefined
    const parsed = content.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (!parsed.success) throw new Error(`${path} is malformed:\n${z.prettifyError(parsed.error)}`)
    return new Journal(path, parsed.data)
  }

  /**
   * @param fixed What this run would deploy with.
   * @throws if an earlier run had it otherwise: its contracts would not fit together with those that are still to come.
   */
  assertUnchanged(fixed: Start['fixed']): void {
    const begun = this.start.fixed
    const names = [...new Set([...Object.keys(begun), ...Object.keys(fixed)])].filter(
      (name) => begun[name] !== fixed[name],
    )
    if (names.length === 0) return
    const changes = names.map((name) => `  ${name} was ${begun[name] ?? 'absent'}, and is ${fixed[name] ?? 'absent'}`)
    throw new Error(
      `${this.#path} is of a deployment that was begun otherwise:\n${changes.join('\n')}\n` +
        'Restore that to go on with it, or move the file away to deploy anew.',
    )
  }

  transactionsOf({ contract }: Creation): readonly Hash[] {
    return this.#transactions[contract] ?? []
  }

  /** To be called before the transaction is sent. */
  record({ contract }: Creation, transaction: Hash): void {
    this.#transactions[contract] = [...new Set([...(this.#transactions[contract] ?? []), transaction])]
    if (this.#path) writeJson(this.#path, { ...this.start, transactions: this.#transactions })
  }

  /** The deployment is finished, and written down elsewhere. */
  remove(): void {
    if (this.#path) rmSync(this.#path, { force: true })
  }
}
