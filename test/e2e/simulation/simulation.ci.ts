import { test } from 'vitest'
import { expectAgreement } from './agreement.ts'

test(
  'after any calls of the parties, the index equals the chain, and eligibility equals the claim',
  {
    timeout: 180_000,
  },
  () => expectAgreement(3, 200),
)
