import { isAddressEqual } from 'viem'
import { Problem } from '../../http/errors.ts'
import type { ClaimRequest } from '../chain/market.ts'

export const isSameClaimant = (left: ClaimRequest, right: ClaimRequest) =>
  left.agentId === right.agentId && isAddressEqual(left.wallet, right.wallet)

export const keyConflict = (key: string) =>
  new Problem('IDEMPOTENCY_CONFLICT', `Idempotency-Key ${key} was used for another request. Use a key for each body.`)

export const pendingWithOtherBody = ({ claimId }: { claimId: string }) =>
  new Problem(
    'IDEMPOTENCY_CONFLICT',
    `Claim ${claimId} is pending with another signature. Ask for its state, or wait.`,
    {
      extensions: { claimId },
    },
  )
