import type { Address, Hex } from 'viem'

/** A transaction with a nonce of the signer's. Until its receipt is seen, its bytes are what can still mine it. */
export type SignedTransaction = {
  signer: Address
  nonce: number
  hash: Hex
  raw: Hex
  /** Of `performance.now()`, milliseconds. */
  signedAt: number
  /** Whether the node has said that it has the transaction. If not, it may have it or not. */
  accepted: boolean
}

/** Every signed transaction whose fate is open. */
export type Journal = {
  record(transaction: SignedTransaction): void
  remove(transaction: SignedTransaction): void
  /** In the order of their nonces. */
  open(signer: Address): SignedTransaction[]
}

/** A journal for as long as this process lives. */
export function createJournal(): Journal {
  const transactions = new Set<SignedTransaction>()
  return {
    record: (transaction) => void transactions.add(transaction),
    remove: (transaction) => void transactions.delete(transaction),
    open: (signer) =>
      [...transactions].filter((each) => each.signer === signer).sort((left, right) => left.nonce - right.nonce),
  }
}
