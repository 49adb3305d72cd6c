import { messageTypes } from './messageTypes.js'

/** The API asks to sign something else than the page has asked for. Nothing may be signed. */
export class Mismatch extends Error {
  constructor(member, expected, got) {
    super(
      `The API asks you to sign another ${member}: ${String(got).slice(0, 120)} instead of ${String(expected).slice(0, 120)}. ` +
        'Nothing was signed. Load the page again. If this repeats, do not use this server.',
    )
  }
}

/** How long a signature may be valid at most. Seconds. */
const MAX_VALIDITY_SECONDS = 3_600

const domainType = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/**
 * EIP-712 typed data as wallets take it. @param values of the message's members, and others.
 * @param got the typed data that the API asks to sign. @throws Mismatch if it differs.
 */
export function typedDataOf(action, domain, values, got) {
  const { primaryType, members } = messageTypes[action]
  const message = Object.fromEntries(members.map(({ name }) => [name, String(values[name])]))
  const own = { types: { EIP712Domain: domainType, [primaryType]: members }, primaryType, domain, message }
  assertSame(own, got)
  return own
}

/**
 * Refuses any difference between what the page would sign and what the API asks to sign. Addresses may differ in case.
 * @param own the typed data that the page built. @param got that of the API.
 */
function assertSame(own, got) {
  if (own.primaryType !== got.primaryType) throw new Mismatch('message', own.primaryType, got.primaryType)
  assertMembers(own.domain, got.domain)
  const types = own.types[own.primaryType]
  const theirs = got.types[own.primaryType]
  if (JSON.stringify(types) !== JSON.stringify(theirs))
    throw new Mismatch('type', JSON.stringify(types), JSON.stringify(theirs))
  assertMembers(own.message, got.message, types)
  const end = own.message.validBefore ?? own.message.deadline
  const latest = Math.floor(Date.now() / 1_000) + MAX_VALIDITY_SECONDS
  if (!(Number(end) <= latest)) throw new Mismatch('deadline', `at most ${latest}`, end)
}

function assertMembers(own, got, types = []) {
  for (const name of new Set([...Object.keys(own), ...Object.keys(got)])) {
    const isText = types.some((type) => type.name === name && type.type === 'string')
    const form = (value) => (isText ? value : String(value).toLowerCase())
    if (form(own[name]) !== form(got[name])) throw new Mismatch(name, own[name], got[name])
  }
}
