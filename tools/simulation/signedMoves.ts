import type { Address } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { type Call, callOf } from '../devnet/call.ts'
import type { PickedBounty } from './parties.ts'
import { sign } from './sign.ts'
import type { World } from './world.ts'

const SIGNATURE_SECONDS = 600n

export type SignedMove = {
  action:
    | 'startWorkWithSig'
    | 'submitWorkWithSig'
    | 'abandonClaimWithSig'
    | 'closeBountyWithSig'
    | 'approveWorkWithSig'
    | 'requestRevisionWithSig'
    | 'rejectWorkWithSig'
  bounty: PickedBounty
  /** Of the last delivery, which an approval names. */
  revision: number
  /** Where the delivery or the feedback is, for the moves that have one. */
  hash: string
}

/** A move that `signer` signs and `sender` sends. The contract refuses it if the signer is not the party of the move. */
export async function signedMove(
  world: World,
  sender: PrivateKeyAccount,
  signer: PrivateKeyAccount,
  { action, bounty, revision, hash }: SignedMove,
): Promise<Call> {
  const { market } = world.contracts
  const { bountyId, round, revisions } = bounty
  const { address } = signer
  const signed = (primaryType: string, fields: string, members: Record<string, unknown>) =>
    sign(world, signer, {
      primaryType,
      fields: `uint256 bountyId, ${fields}`,
      members: { bountyId, ...members },
      validity: SIGNATURE_SECONDS,
    })
  switch (action) {
    case 'startWorkWithSig': {
      const { deadline, signature } = await signed('StartWork', 'address wallet, uint256 round', {
        wallet: address,
        round,
      })
      return callOf(sender, market, action, [bountyId, deadline, signature])
    }
    case 'submitWorkWithSig': {
      const fields = 'address wallet, uint256 round, uint256 revision, string deliverableHash'
      const members = { wallet: address, round, revision: revisions, deliverableHash: hash }
      const { deadline, signature } = await signed('SubmitWork', fields, members)
      return callOf(sender, market, action, [bountyId, hash, deadline, signature])
    }
    case 'abandonClaimWithSig': {
      const fields = 'address wallet, uint256 round, uint256 revision'
      const { deadline, signature } = await signed('AbandonClaim', fields, {
        wallet: address,
        round,
        revision: revisions,
      })
      return callOf(sender, market, action, [bountyId, deadline, signature])
    }
    case 'closeBountyWithSig': {
      const { deadline, signature } = await signed('CloseBounty', 'address poster', { poster: address })
      return callOf(sender, market, action, [bountyId, deadline, signature])
    }
    case 'approveWorkWithSig': {
      const fields = 'address signer, uint256 round, uint256 revision'
      const { deadline, signature } = await signed('ApproveWork', fields, { signer: address, round, revision })
      return callOf(sender, market, action, [bountyId, revision, address, deadline, signature])
    }
    case 'requestRevisionWithSig': {
      const fields = 'address signer, uint256 round, uint256 revision, string feedbackHash'
      const members = { signer: address, round, revision: revisions, feedbackHash: hash }
      const { deadline, signature } = await signed('RequestRevision', fields, members)
      return callOf(sender, market, action, [bountyId, hash, address, deadline, signature])
    }
    case 'rejectWorkWithSig': {
      const fields = 'address signer, uint256 round, uint256 revision'
      const { deadline, signature } = await signed('RejectWork', fields, {
        signer: address,
        round,
        revision: revisions,
      })
      return callOf(sender, market, action, [bountyId, address, deadline, signature])
    }
  }
}

/** As `signedMove`: names the only wallet that may claim the run. */
export async function signedNaming(
  world: World,
  sender: PrivateKeyAccount,
  signer: PrivateKeyAccount,
  { bountyId, namings }: PickedBounty,
  claimant: Address,
): Promise<Call> {
  const { deadline, signature } = await sign(world, signer, {
    primaryType: 'NameClaimant',
    fields: 'uint256 bountyId, address poster, uint256 naming, address claimant',
    members: { bountyId, poster: signer.address, naming: namings, claimant },
    validity: SIGNATURE_SECONDS,
  })
  const args = [bountyId, claimant, BigInt(namings), deadline, signature] as const
  return callOf(sender, world.contracts.market, 'nameClaimantWithSig', args)
}
