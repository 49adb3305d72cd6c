import { type Address, bytesToHex, decodeFunctionData, type Hex, isAddressEqual, zeroAddress } from 'viem'
import { accountMessage, accountTypedData } from '../market/accountActions.ts'
import type { Answer, Json } from './api.ts'
import type { Difference } from './oracle.ts'
import { accountOf, LIVE, OPEN, type PickedBounty, pickBounty, REVISION_REQUESTED } from './parties.ts'
import type { Random } from './random.ts'
import type { Requests } from './requests.ts'
import { type SignedMove, signedMove } from './signedMoves.ts'
import type { World } from './world.ts'

/** The validity of a post's authorization, in chain time: less than the clock's jumps, so that some expire unmined. */
const AUTHORIZATION_SECONDS = 500n

/** The domain of the devnet's USDC. */
const usdcDomain = { name: 'USD Coin', version: '2' }

type Move = SignedMove['action']

/** The moves that are signed for the API, in the states in which the market takes them. */
const movesFrom: Record<number, readonly Move[]> = {
  2: ['closeBountyWithSig'],
  3: ['startWorkWithSig', 'startWorkWithSig', 'submitWorkWithSig', 'abandonClaimWithSig', 'closeBountyWithSig'],
  4: ['submitWorkWithSig', 'submitWorkWithSig', 'abandonClaimWithSig'],
  5: ['approveWorkWithSig', 'requestRevisionWithSig', 'rejectWorkWithSig'],
  7: ['submitWorkWithSig', 'submitWorkWithSig', 'approveWorkWithSig', 'abandonClaimWithSig'],
}

/** The route of each move, and the member of its body that names its party. */
const routes: Record<Move, { name: string; party: 'wallet' | 'signer' | 'poster'; text?: string }> = {
  startWorkWithSig: { name: 'start', party: 'wallet' },
  submitWorkWithSig: { name: 'submit', party: 'wallet', text: 'deliverableHash' },
  abandonClaimWithSig: { name: 'abandon', party: 'wallet' },
  closeBountyWithSig: { name: 'close', party: 'poster' },
  approveWorkWithSig: { name: 'approve', party: 'signer' },
  requestRevisionWithSig: { name: 'revise', party: 'signer', text: 'feedbackHash' },
  rejectWorkWithSig: { name: 'reject', party: 'signer' },
}

export type Actors = ReturnType<typeof createActors>

type Options = {
  world: World
  requests: Requests
  /** The account that pays for what the API sends. */
  relayer: Address
  random: Random
}

/** Posters, agents and evaluators that act through the API by signatures, beside what they send themselves. */
export function createActors({ world, requests, relayer, random }: Options) {
  const { market } = world.contracts
  /** By hash, which determines both, whatever a reorg does to the transaction. */
  const transactions = new Map<Hex, { input: Hex; from: Address }>()

  function send(name: string, path: string, body: Json, signature: Hex) {
    requests.send(
      name,
      path,
      { ...body, signature },
      {},
      {
        statePath: ({ actionId }) => `/api/actions/${actionId}`,
        compare: (state) => compareWithChain(`${name} ${path} ${signature.slice(0, 12)}…`, signature, state),
      },
    )
  }

  async function post() {
    const poster = random.pick(world.posters)
    const { timestamp } = await world.node.getBlock()
    const message = accountMessage('post', {
      poster: poster.address,
      ipfsHash: `ipfs://relayed${random.int(0, 2 ** 30)}`,
      reward: random.pick([50_000_000n, 200_000_000n]),
      deadline: timestamp + BigInt(random.pick([3_600, 20 * 86_400, 50 * 86_400])),
      workPeriod: 0n,
      stakePercent: 0n,
      evaluator: random.chance(0.3) ? random.pick(world.posters).address : zeroAddress,
      salt: bytesToHex(Uint8Array.from({ length: 32 }, () => random.int(0, 255))),
      validBefore: timestamp + AUTHORIZATION_SECONDS,
    })
    const typedData = accountTypedData({ ...world.deployment, usdcDomain }, message)
    const { ipfsHash, evaluator, salt, ...numbers } = message.members
    const body = {
      poster: poster.address,
      ipfsHash,
      evaluator,
      salt,
      reward: String(numbers.reward),
      deadline: Number(numbers.deadline),
      workPeriod: Number(numbers.workPeriod),
      stakePercent: Number(numbers.stakePercent),
      validBefore: Number(numbers.validBefore),
    }
    send('post', '/api/runs', body, await poster.signTypedData(typedData as never))
  }

  async function move() {
    const bounty = await pickBounty(world, random, [OPEN, ...LIVE, ...LIVE])
    const moves = bounty && movesFrom[bounty.state]
    if (!moves) return
    const action = random.pick(moves)
    const { name, party, text } = routes[action]
    const signer = accountOf(world, partyOf(party, bounty))
    if (!signer) return
    const { bountyId, round, revisions } = bounty
    const isAfterRequest = action === 'approveWorkWithSig' && bounty.state === REVISION_REQUESTED
    const revision = isAfterRequest ? revisions - 1 : revisions
    const hash = `ipfs://relayed${random.int(0, 2 ** 30)}`
    const call = await signedMove(world, signer, signer, { action, bounty, revision, hash })
    const { args = [] } = decodeFunctionData({ abi: market.abi, data: call.data })
    const [deadline, signature] = args.slice(-2) as [bigint, Hex]
    const body = {
      [party]: signer.address,
      ...(name !== 'close' && { round }),
      ...(name !== 'close' && name !== 'start' && { revision }),
      ...(text && { [text]: hash }),
      deadline: Number(deadline),
    }
    send(name, `/api/runs/${bountyId}/${name}`, body, signature)
  }

  return {
    /** Lets a random party post or make a move by a signature, without waiting for the outcome. */
    act: () => (random.chance(0.25) ? post() : move()),
  }

  /**
   * A signature is good for one transaction: that one, or none, must be what the API reports. It reports nothing (404) of one
   * that another sender had mined before the relay sent its own: two moves of a block may have the same message.
   */
  async function compareWithChain(what: string, signature: Hex, { status, body }: Answer): Promise<Difference[]> {
    const [made, ...more] = await madeBy(signature)
    if (more.length > 0) throw new Error(`${what} is on the chain ${1 + more.length} times`)
    if (status === 404 && !(made && isAddressEqual(made.from, relayer))) return []
    const expected = made ? `made in block ${made.blockNumber}` : 'not made'
    const isMade = status !== 404 && body.state !== 'refused'
    const actual = isMade ? `made in block ${body.blockNumber}` : 'not made'
    if (expected === actual) return []
    return [{ subject: what, field: 'state', expected, actual: `${actual}: ${status} ${JSON.stringify(body)}` }]
  }

  /** The transactions that the market has taken with this signature. */
  async function madeBy(signature: Hex): Promise<{ blockNumber: bigint; from: Address }[]> {
    const fromBlock = BigInt(world.deployment.startBlock)
    const logs = await world.node.getLogs({ address: market.address, fromBlock })
    const blocks = new Map(logs.map(({ transactionHash, blockNumber }) => [transactionHash, blockNumber]))
    const found: { blockNumber: bigint; from: Address }[] = []
    for (const [hash, blockNumber] of blocks) {
      const { input, from } = await transactionOf(hash)
      if (input.includes(signature.slice(2))) found.push({ blockNumber, from })
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

function partyOf(party: 'wallet' | 'signer' | 'poster', { poster, evaluator, wallet }: PickedBounty): Address {
  if (party === 'wallet') return wallet
  return party === 'poster' || isAddressEqual(evaluator, zeroAddress) ? poster : evaluator
}
