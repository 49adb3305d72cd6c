import { getAddress } from 'viem'
import type { Random } from '../../simulation/random.ts'
import { FAULT_HEADER } from '../../support/faultyApi.ts'

/** An answer of the API, which a test changes. */
export type Answer = { body: Record<string, unknown>; headers: Record<string, string> }

/** A `fetch` whose answers pass through `lie`; it gets the honest one, and may change it. */
export function lyingFetch(lie: (answer: Answer) => Answer | Promise<Answer>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const headers = Object.fromEntries(response.headers)
    const answered = await lie({ body: (await response.json()) as Answer['body'], headers })
    const body = JSON.stringify(answered.body)
    const { 'content-length': _, ...others } = answered.headers
    return new Response(body, { status: response.status, headers: { ...others, [FAULT_HEADER]: 'true' } })
  }
}

/** Where a member of a body is, such as `runs.0.state`. */
export type Place = (string | number)[]

/** All members of the value that have no members of their own. A list of texts counts as one member. */
export function placesIn(value: unknown, place: Place = []): Place[] {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    return value.flatMap((item, index) => placesIn(item, [...place, index]))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [place]
  return Object.entries(value).flatMap(([name, member]) => placesIn(member, [...place, name]))
}

// biome-ignore lint/suspicious/noExplicitAny: a path into any JSON
export const memberAt = (value: any, place: Place): any => place.reduce((object, name) => object?.[name], value)

/** A copy of the value with another member at the place; without the member if it is undefined. */
export function withMember<Value extends object>(value: Value, place: Place, member: unknown): Value {
  const copy = structuredClone(value)
  const name = place.at(-1) as string | number
  const object = memberAt(copy, place.slice(0, -1))
  if (member === undefined) delete object[name]
  else object[name] = member
  return copy
}

const addresses = ['0x00000000000000000000000000000000000A11cE', '0x90F79bf6EB2c4f870365E785982E1f101E93b906']
const states = ['DRAFT', 'OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'APPROVED', 'REVISION_REQUESTED', 'REJECTED']
const statuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED']
const codes = [
  [],
  ['RUN_NOT_OPEN'],
  ['NOT_CLAIMANT'],
  ['AGENT_BANNED'],
  ['INSUFFICIENT_STAKE'],
  ['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED'],
]
const times = ['2024-01-15T12:00:00.000Z', '2030-01-15T12:00:00.000Z']

/** Values of a member where it is null now, by its name. */
const values: Record<string, unknown[]> = {
  claimedBy: [1, 2],
  claimedByWallet: addresses,
  evaluator: addresses,
  claimant: addresses,
  stake: ['1', '1000000'],
  deliverableHash: ['ipfs://other', 'ipfs://work'],
  feedbackHash: ['ipfs://other', 'ipfs://feedback'],
}

/** Another value for a member, of its type: one that a dishonest API would choose. */
export function otherValue(name: string, value: unknown, random: Random): unknown {
  const choices = othersOf(name, value).filter((other) => JSON.stringify(other) !== JSON.stringify(value))
  return random.pick(choices)
}

function othersOf(name: string, value: unknown): unknown[] {
  if (name === 'reasonCodes') return codes
  if (name === 'state') return states
  if (name === 'status') return statuses
  if (value === null) return values[name] ?? times
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'number') return [value + 1, value + 2 ** 20, value * 10 + 1, String(value), null]
  if (typeof value !== 'string') return [null]
  if (/^\d+$/.test(value)) return [String(BigInt(value) + 1n), `${value}0`, `1${value}`, `0${value}`, Number(value) + 1]
  if (/^\d{4}-.*Z$/.test(value)) return [...[-86_400, -1, 1, 3_600].map((by) => later(value, by)), times[0], null]
  if (/^0x[\da-f]{40}$/i.test(value)) {
    const last = Number.parseInt(value.slice(-1), 16)
    const near = getAddress(`${value.slice(0, -1).toLowerCase()}${((last + 1) % 16).toString(16)}` as `0x${string}`)
    return [near, ...addresses, null]
  }
  return [`${value}x`, value.slice(0, -1), 'ipfs://other', '', null]
}

const later = (time: string, seconds: number) => new Date(Date.parse(time) + seconds * 1_000).toISOString()
