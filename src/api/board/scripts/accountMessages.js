// What accounts sign with their money, their stake and their agents. A payment's nonce is the hash of what it is for
// (SignedFunding.sol), so that its signature is good for nothing else.
import { keccak_256 } from './hashes/sha3.js'
import { market } from './market.js'
import { typedDataOf } from './typedData.js'
import { feeOf } from './usdc.js'

const VALID_AFTER = 0n

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
export const hashOf = (bytes) => hex(keccak_256(bytes))
export const utf8 = (text) => new TextEncoder().encode(text)

/** 32 bytes of the ABI: a number, or an address. */
export const word = (value) => BigInt(value).toString(16).padStart(64, '0')

export const WORD_BYTES = 32

/** A text as the ABI has it behind the other arguments: its length, and its bytes in whole words. */
export function textTail(text) {
  const bytes = utf8(text)
  return word(bytes.length) + hex(bytes).padEnd(2 * WORD_BYTES * Math.ceil(bytes.length / WORD_BYTES), '0')
}

const fromHex = (digits) => Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16))

/** As SignedFunding computes it. */
function nonceOf(action, known, validBefore) {
  const times = word(VALID_AFTER) + word(validBefore) + known.salt.slice(2)
  if (action === 'stake') {
    const { from, agentId, owner, amount } = known
    return `0x${hashOf(fromHex(hashOf(utf8('stake')) + word(from) + word(agentId) + word(owner) + word(amount) + times))}`
  }
  const { poster, ipfsHash, reward, deadline, workPeriod, stakePercent, evaluator, claimant } = known
  const terms = word(reward) + word(deadline) + word(workPeriod) + word(stakePercent) + word(evaluator) + word(claimant)
  // Twelve words come before the text: its tag, the poster, the place of the text, six of the terms, two times, the salt.
  const head = hashOf(utf8('postBounty')) + word(poster) + word(12 * WORD_BYTES) + terms + times
  return `0x${hashOf(fromHex(head + textTail(ipfsHash)))}`
}

/** What moves, in base units: a post pays the fee, too. */
export const paidFor = (action, known) =>
  action === 'post' ? BigInt(known.reward) + feeOf(BigInt(known.reward)) : BigInt(known.amount)

export const randomSalt = () => `0x${hex(crypto.getRandomValues(new Uint8Array(WORD_BYTES)))}`

/**
 * What to sign, built from what was asked. From the API come the end of the validity, the name of USDC's domain, and the
 * number of a withdrawal: with wrong ones, the contracts refuse the signature.
 * @param known the members of the action, with the account that signs.
 * @param got the typed data that the API asks to sign. @throws Mismatch if it differs.
 */
export function accountMessage(action, known, got) {
  const { contracts, chainId } = market
  const { deadline, nonce, validBefore } = got.message
  if (action === 'register') {
    const domain = { name: 'Runline', version: '1', chainId, verifyingContract: contracts.AgentRegistry }
    return typedDataOf(action, domain, { ...known, deadline }, got)
  }
  if (action === 'unstake') {
    const domain = { name: 'AgentStaking', version: '1', chainId, verifyingContract: contracts.AgentStaking }
    return typedDataOf(action, domain, { ...known, nonce, deadline }, got)
  }
  const { name, version } = got.domain
  const payment = {
    from: action === 'post' ? known.poster : known.from,
    to: contracts.SignedFunding,
    value: paidFor(action, known),
    validAfter: VALID_AFTER,
    validBefore,
    nonce: nonceOf(action, known, validBefore),
  }
  return typedDataOf(action, { name, version, chainId, verifyingContract: contracts.USDC }, payment, got)
}

/** What the API's message depends on. It finds the owner of a stake's agent itself. */
export const accountQuery = (action, { owner, ...known }) => (action === 'register' ? { owner, ...known } : known)
