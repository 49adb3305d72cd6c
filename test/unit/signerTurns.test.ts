import { expect, it } from 'vitest'
import type { Blocker } from '../../src/api/relay/sender/placement.ts'
import { createSignerTurns } from '../../src/api/relay/sender/signerTurns.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

const signer = accountOf(0)

function retryOf(blocker: Blocker) {
  const turns = createSignerTurns([signer], () => undefined)
  turns.block(signer, blocker, 1_000)
  return turns.hopelessness([signer])?.retrySeconds
}

it('asks clients to come back within seconds where a failure may last seconds, and within a minute otherwise', () => {
  expect([retryOf('unreachable'), retryOf('notSigning')]).toEqual([2, 5])
  expect([retryOf('unfunded'), retryOf('spent'), retryOf('resting')]).toEqual([60, 60, 60])
})
