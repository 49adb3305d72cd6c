import { isDeepStrictEqual } from 'node:util'
import { type Address, decodeFunctionData, type Hex, isAddressEqual, slice, zeroAddress } from 'viem'
import { bodyOf, partyMemberOf, type RunActionName, runCallData } from '../../core/market/runActions.ts'
import { type SignedRequest, signAccountRequest } from './accountMoves.ts'
import type { Answer, Json } from './api.ts'
import { compareOpenCall, pathOfOpenCall, pickOpenCall } from './openMoves.ts'
import { accountOf, claimantOf, LIVE, OPEN, type PickedBounty, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import type { Requests } from './requests.ts'
import { signedMove } from './signedMoves.ts'
import type { World } from './world.ts'

/** The moves that are signed for the API, in the states in which the market takes them. */
const movesFrom: Record<number, readonly RunActionName[]> = {
  2: ['close', 'name-claimant'],
  3: ['start', 'start', 'submit', 'abandon', 'close'],
  4: ['submit', 'submit', 'abandon'],
  5: ['approve', 'revise', 'reject'],
  7: ['submit', 'submit', 'approve', 'abandon'],
}

/** The shares of what accounts sign about themselves, of moves of runs, and of calls that anyone may ask for. */
const weights = { account: 4, run: 7, anyone: 2 }

const statePath = ({ actionId }: Json) => `/api/actions/${actionId}`

export type Actors = ReturnType<typeof createActors>

type Options = {
  world: World
  requests: Requests
  /** The account that pays for what the API sends. */
  relayer: Address
  random: Random
}

/** Accounts that act through the API, mostly by signatures, beside what they send themselves. */
export function createActors({ world, requests, relayer, random }: Options) {
  const { market, staking, registry } = world.contracts
  const addresses = [market.address, staking.address, registry.address]
  const acts = { account: actForAccount, run: move, anyone: callForAnyone }
  /** By hash, which determines both, whatever a reorg does to the transaction. */
  const transactions = new Map<Hex, { input: Hex; from: Address }>()

  /** @param call the data of the market's call, for a move of a run. */
  function send({ name, path, body, mark }: SignedRequest, call?: Hex) {
    const what = `${name} ${path} ${mark.slice(0, 12)}…`
    requests.send(name, path, body, {}, { statePath, compare: (state) => compareWithChain(what, mark, call, state) })
  }

  async function actForAccount() {
    const signed = await signAccountRequest(world, random)
    if (signed) send(signed)
  }

  async function callForAnyone() {
    const call = await pickOpenCall(world, random)
    if (!call) return
    const compare = (state: Answer) => compareOpenCall(world, call, state)
    requests.send(call.action, pathOfOpenCall(call), undefined, {}, { statePath, compare })
  }

  async function move() {
    const bounty = await pickBounty(world, random, [OPEN, ...LIVE, ...LIVE])
    const moves = bounty && movesFrom[bounty.state]
    if (!moves) return
    const name = random.pick(moves)
    const signer = accountOf(world, partyOf(name, bounty))
    if (!signer) return
    const text = `ipfs://relayed${random.int(0, 2 ** 30)}`
    const claimant = claimantOf(world, random)
    const { message, signature } = await signedMove(world, signer, name, bounty, text, claimant)
    const body = { ...bodyOf(message), signature }
    const path = `/api/runs/${bounty.bountyId}/${name}`
    send({ name, path, body, mark: signature }, runCallData(message, signature))
  }

  return {
    /** Lets a random party act by a signature, or ask for a call that needs none, without waiting for the outcome. */
    act: () => acts[random.weighted(weights)](),
  }

  /**
   * A signature is good for one transaction: that one, or none, must be what the API reports. It reports nothing (404) of one
   * that another sender had mined before the relay sent its own: two moves of a block may have the same message. A move that
   * another signature of the party has made is made, too.
   */
  async function compareWithChain(
    what: string,
    mark: Hex,
    call: Hex | undefined,
    { status, body }: Answer,
  ): Promise<string[]> {
    const [made, ...more] = await madeBy(mark)
    if (more.length > 0) throw new Error(`${what} is on the chain ${1 + more.length} times`)
    if (status === 404 && !(made && isAddressEqual(made.from, relayer))) return []
    const expected = made ? `made in block ${made.blockNumber}` : 'not made'
    const isMade = status !== 404 && body.state !== 'refused'
    const actual = isMade ? `made in block ${body.blockNumber}` : 'not made'
    if (expected === actual) return []
    if (!made && isMade && call && isSameMove(call, (await transactionOf(body.txHash as Hex)).input)) return []
    return [`${what}: expected ${expected}, got ${actual}: ${status} ${JSON.stringify(body)}`]
  }

  /** Whether two calls of the market are the same but for the deadline and the signature, their last arguments. */
  function isSameMove(one: Hex, other: Hex): boolean {
    if (!other.startsWith(slice(one, 0, 4))) return false
    const [args, otherArgs] = [one, other].map((data) =>
      decodeFunctionData({ abi: market.abi, data }).args?.slice(0, -2),
    )
    return isDeepStrictEqual(args, otherArgs)
  }

  /** The transactions with this mark that the contracts have taken. */
  async function madeBy(mark: Hex): Promise<{ blockNumber: bigint; from: Address }[]> {
    const fromBlock = BigInt(world.deployment.startBlock)
    const logs = await world.node.getLogs({ address: addresses, fromBlock })
    const blocks = new Map(logs.map(({ transactionHash, blockNumber }) => [transactionHash, blockNumber]))
    const found: { blockNumber: bigint; from: Address }[] = []
    for (const [hash, blockNumber] of blocks) {
      const { input, from } = await transactionOf(hash)
      if (input.includes(mark.slice(2))) found.push({ blockNumber, from })
    }
    return found
  }

  async function transactionOf(hash: Hex): Promise<{ input: Hex; from: Address }> {
    const known = transactions.get(hash)
    if (known) return known
    const { input, from } = await world.node.getTransaction({ hash })
    transactions.set(hash, { input, from })
    return { input, from }
  }
}

function partyOf(name: RunActionName, { poster, evaluator, wallet }: PickedBounty): Address {
  const member = partyMemberOf(name)
  if (member === 'wallet') return wallet
  return member === 'poster' || isAddressEqual(evaluator, zeroAddress) ? poster : evaluator
}
