import { randomInt } from 'node:crypto'
import { BaseError, ContractFunctionRevertedError } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { act } from '../../simulation/activity.ts'
import { type Candidate, pickCandidate, signClaim } from '../../simulation/claimActions.ts'
import { accountOf } from '../../simulation/parties.ts'
import { createRandom } from '../../simulation/random.ts'
import { createWorld, type World } from '../../simulation/world.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'

/** A long campaign has 5,000. */
const PAIRS = Number(process.env.CLAIM_PAIRS ?? 300)

/** Steps before the first round, steps before each later round, and pairs that are checked per round. */
const FIRST_STEPS = 250
const STEPS = 15
const PAIRS_PER_ROUND = 50

const seed = Number(process.env.CLAIM_SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)

let market: TestMarket
let world: World
let people: Participants
let api: ReturnType<typeof claimApi>

/** Blocks are mined with transactions only, so that a block stays the latest until something happens. */
beforeAll(async () => {
  market = await startTestMarket({ chain: {} })
  people = participantsOf(market)
  api = claimApi(market.api.url)
  world = await createWorld(market, { salt: String(seed), posters: 3, agents: 15 })
  return market.stop
}, 120_000)

const head = () => market.client.getBlockNumber({ cacheTime: 0 })

/** How often the index was not at the chain's latest block in time, which says nothing about a claim. */
let behind = 0

/** The API's first reason against the claim at the chain's latest block, or undefined. */
async function eligibilityOf({ bountyId, agentId, wallet }: Candidate) {
  const block = await head()
  const query = `agentId=${agentId}&walletAddress=${wallet}&minBlock=${block}`
  const ask = () => api.get(`/api/runs/${bountyId}/claim-eligibility?${query}`)
  let answer = await ask()
  for (; answer.body.code === 'INDEX_BEHIND'; answer = await ask()) {
    behind++
    await market.indexed()
  }
  const code: string | undefined = answer.status === 200 ? answer.body.reasonCodes[0] : answer.body.code
  return { block, code, isConsistent: answer.status === 404 || answer.headers.get('X-Indexed-Block') === String(block) }
}

/** The API's answer to the claim, sent with the wallet's signature or unsigned as a relayer's. */
async function claim(candidate: Candidate): Promise<Answer> {
  const { bountyId, agentId, wallet } = candidate
  const signer = random.chance(0.5) ? accountOf(world, wallet) : undefined
  const signed = signer && (await signClaim(world, signer, candidate, 600n))
  const word = signed && { signature: signed.signature, deadline: Number(signed.deadline) }
  return api.claim(bountyId, { id: agentId, wallet: { address: wallet } }, word)
}

/**
 * Whether the block of the eligibility, the latest and the next block give different answers: a deadline passes in between,
 * for each claim that is mined moves the chain’s clock by a second.
 */
async function isChanging({ bountyId, agentId, wallet }: Candidate, block: bigint) {
  const { address, abi } = market.market
  const outcomeAt = (at: { blockNumber: bigint } | { blockTag: 'latest' | 'pending' }) =>
    market.client
      .readContract({ address, abi, functionName: 'checkClaim', args: [bountyId, agentId, wallet], ...at })
      .then(String, revertDataOf)
  const outcomes = [{ blockNumber: block }, { blockTag: 'latest' }, { blockTag: 'pending' }] as const
  return new Set(await Promise.all(outcomes.map(outcomeAt))).size > 1
}

/** The contract's refusal, as data: the message of a revert does not name the error. */
function revertDataOf(error: unknown) {
  const revert = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  if (revert instanceof ContractFunctionRevertedError) return revert.raw
  throw error
}

/** Pairs with distinct runs and agents: they do not affect each other, so they can be claimed concurrently. */
function apartOf<T extends { pair: Candidate }>(pairs: T[]): T[] {
  const runs = new Set<bigint>()
  const agents = new Set<bigint>()
  return pairs.filter(({ pair: { bountyId, agentId } }) => {
    if (runs.has(bountyId) || agents.has(agentId)) return false
    runs.add(bountyId)
    agents.add(agentId)
    return true
  })
}

/** A repeated claim of the holder gets its 200 again, unless it signs for the next round. */
const isRepeat = ({ agentId, wallet }: Candidate, code: string | undefined, { status, body }: Answer) =>
  code === 'RUN_NOT_OPEN' &&
  status === 200 &&
  body.run.claimedBy === Number(agentId) &&
  body.run.claimedByWallet === wallet

it(`eligibility and claim agree at the same block, for ${PAIRS} random pairs of a run and an agent in random states`, {
  timeout: 60_000 + PAIRS * 1_000,
}, async () => {
  const seen = new Map<string, number>()
  let checked = 0
  let changing = 0

  async function compare(
    candidate: Candidate,
    { block, code }: Awaited<ReturnType<typeof eligibilityOf>>,
    answer: Answer,
  ) {
    const claimed: string | undefined = answer.status === 200 ? undefined : answer.body.code
    const outcome = isRepeat(candidate, code, answer) ? 'already held' : (claimed ?? 'won')
    if (outcome !== 'already held' && code !== claimed) {
      if (await isChanging(candidate, block)) {
        changing++
        return
      }
      const { bountyId, agentId, wallet } = candidate
      const pair = `seed ${seed}: run ${bountyId}, agent ${agentId}, wallet ${wallet}, block ${block}`
      expect.soft(claimed, `${pair}: ${JSON.stringify(answer.body)}`).toBe(code)
    }
    checked++
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }

  while (checked < PAIRS) {
    for (let step = checked === 0 ? 0 : FIRST_STEPS - STEPS; step < FIRST_STEPS; step++) await act(world, random)
    const fresh: Pick<Candidate, 'bountyId' | 'round' | 'terms'>[] = []
    for (let run = 0; run < 6; run++) {
      // Half of them name a claimant: an agent's owner, or the poster, which stands for no wallet yet.
      const claimant = [undefined, random.pick(world.owners).address, people.poster][Math.max(0, run - 2) % 3]
      const bountyId = await people.openRun(BigInt(random.int(1, 250)) * usdc, 90n * 86_400n, claimant)
      const { reward, stake, workPeriod, evaluator } = await market.market.read.getBounty([bountyId])
      fresh.push({ bountyId, round: 1n, terms: { reward, stake, workPeriod: BigInt(workPeriod), evaluator } })
    }
    // The time of the latest block is the clock's, also right after the clock was moved.
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const drawn: Candidate[] = []
    for (let draw = 0; draw < PAIRS_PER_ROUND; draw++) {
      const candidate = await pickCandidate(world, random)
      // For an agent that does not exist, eligibility returns that one reason.
      if (!candidate?.isAgent) continue
      drawn.push(random.chance(0.5) ? { ...candidate, ...random.pick(fresh) } : candidate)
    }
    const pairs = await Promise.all(drawn.map(async (pair) => ({ pair, eligibility: await eligibilityOf(pair) })))
    expect(pairs.filter(({ eligibility }) => !eligibility.isConsistent)).toEqual([])
    const before = await head()
    const refused = pairs.filter(({ eligibility }) => eligibility.code !== undefined)
    const answers = await Promise.all(refused.map(({ pair }) => claim(pair)))
    expect(await head(), 'a refused claim made a block').toBe(before)
    for (const [position, { pair, eligibility }] of refused.entries()) {
      await compare(pair, eligibility, answers[position] as Answer)
    }
    const passing = pairs.filter(({ eligibility }) => eligibility.code === undefined)
    const apart = apartOf(passing)
    const won = await Promise.all(apart.map(({ pair }) => claim(pair)))
    for (const [position, { pair, eligibility }] of apart.entries()) {
      await compare(pair, eligibility, won[position] as Answer)
    }
    // Each of these claims changes the state for the next one.
    for (const { pair } of passing.filter((one) => !apart.includes(one))) {
      const eligibility = await eligibilityOf(pair)
      await compare(pair, eligibility, await claim(pair))
    }
  }

  console.log(
    `seed ${seed}:`,
    Object.fromEntries([...seen].sort()),
    `${changing} pairs changed with the clock, ${behind} answers INDEX_BEHIND`,
  )
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['won', 'RUN_NOT_OPEN', 'NOT_CLAIMANT', 'INSUFFICIENT_STAKE', 'WALLET_MISMATCH']),
  )
  expect(changing).toBeLessThan(PAIRS / 10)
  expect(behind).toBeLessThan(PAIRS / 10)
})
