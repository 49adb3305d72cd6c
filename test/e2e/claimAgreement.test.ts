import { randomInt } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { accountOf as anvilAccount, roles } from '../../devnet/accounts.ts'
import { act } from '../../sim/activity.ts'
import { type Candidate, pickCandidate, signClaim } from '../../sim/claimActions.ts'
import { accountOf } from '../../sim/parties.ts'
import { createRandom } from '../../sim/random.ts'
import { createWorld, type World } from '../../sim/world.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { type Participants, participantsOf, usdc } from '../support/participants.ts'
import { type Answer, claimApi } from './claimApi.ts'

/** `npm run test:deep` asks for 5,000. */
const PAIRS = Number(process.env.CLAIM_PAIRS ?? 300)

/** What happens before the first round and before each other one, and how many pairs are asked for in one. */
const [FIRST_STEPS, STEPS, PAIRS_PER_ROUND] = [250, 15, 50]

const seed = Number(process.env.CLAIM_SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)

let market: TestMarket
let world: World
let people: Participants
let api: ReturnType<typeof claimApi>

/** Blocks come with transactions only, so that a block stays the last until something happens. */
beforeAll(async () => {
  market = await startTestMarket({ chain: {} })
  people = participantsOf(market)
  api = claimApi(market.api.url)
  world = await createWorld({
    ...{ rpcUrl: market.rpcUrl, deployment: market.deployment, salt: String(seed), posters: 3, agents: 15 },
    ...{ relayer: anvilAccount(roles.relayer), owner: anvilAccount(roles.owner) },
  })
  return market.stop
}, 120_000)

const head = () => market.client.getBlockNumber({ cacheTime: 0 })

/** The code for which the API says that the claim cannot be made now, or undefined; of the chain's last block. */
async function eligibilityOf({ bountyId, agentId, wallet }: Candidate) {
  const block = await head()
  const query = `agentId=${agentId}&walletAddress=${wallet}&minBlock=${block}`
  const answer = await api.get(`/api/runs/${bountyId}/claim-eligibility?${query}`)
  const code: string | undefined = answer.status === 200 ? answer.body.reasonCodes[0] : answer.body.code
  return { block, code, isWhole: answer.status === 404 || answer.headers.get('X-Indexed-Block') === String(block) }
}

/** What the API answers to the claim itself, with the wallet's signature or by the relayer's role. */
async function claim(candidate: Candidate): Promise<Answer> {
  const { bountyId, agentId, wallet } = candidate
  const signer = random.chance(0.5) ? accountOf(world, wallet) : undefined
  const signed = signer && (await signClaim(world, signer, candidate, 600n))
  const word = signed && { signature: signed.signature, deadline: Number(signed.deadline) }
  return api.claim(bountyId, { id: agentId, wallet: { address: wallet } }, word)
}

/** Whether the chain itself gives the last block one answer and the next another: a deadline is passing just now. */
async function isChanging({ bountyId, agentId, wallet }: Candidate) {
  const { address, abi } = market.market
  const verdict = (blockTag: 'latest' | 'pending') =>
    market.client
      .readContract({ address, abi, functionName: 'checkClaim', args: [bountyId, agentId, wallet], blockTag })
      .then(String, ({ shortMessage }) => shortMessage)
  return (await verdict('latest')) !== (await verdict('pending'))
}

/** Those that differ in run and agent: none changes what another may do, and they can be claimed at once. */
function apartOf<T extends { pair: Candidate }>(judged: T[]): T[] {
  const [runs, agents] = [new Set<bigint>(), new Set<bigint>()]
  return judged.filter(({ pair: { bountyId, agentId } }) => {
    if (runs.has(bountyId) || agents.has(agentId)) return false
    runs.add(bountyId)
    agents.add(agentId)
    return true
  })
}

/** An agent that holds the run is told so again, unless it signs for the round after. */
const isRepeat = ({ agentId, wallet }: Candidate, code: string | undefined, { status, body }: Answer) =>
  code === 'RUN_NOT_OPEN' &&
  status === 200 &&
  body.run.claimedBy === Number(agentId) &&
  body.run.claimedByWallet === wallet

it(`eligibility and claim agree at the same block, for ${PAIRS} random pairs of a run and an agent in random states`, {
  timeout: 60_000 + PAIRS * 1_000,
}, async () => {
  const seen = new Map<string, number>()
  let [asked, changing] = [0, 0]

  async function compare(
    candidate: Candidate,
    { block, code }: Awaited<ReturnType<typeof eligibilityOf>>,
    answer: Answer,
  ) {
    const claimed: string | undefined = answer.status === 200 ? undefined : answer.body.code
    const outcome = isRepeat(candidate, code, answer) ? 'already held' : (claimed ?? 'won')
    if (outcome !== 'already held' && code !== claimed) {
      if (await isChanging(candidate)) {
        changing++
        return
      }
      const { bountyId, agentId, wallet } = candidate
      const pair = `seed ${seed}: run ${bountyId}, agent ${agentId}, wallet ${wallet}, block ${block}`
      expect.soft(claimed, `${pair}: ${JSON.stringify(answer.body)}`).toBe(code)
    }
    asked++
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }

  while (asked < PAIRS) {
    for (let step = asked === 0 ? 0 : FIRST_STEPS - STEPS; step < FIRST_STEPS; step++) await act(world, random)
    const fresh: Pick<Candidate, 'bountyId' | 'round' | 'terms'>[] = []
    for (let run = 0; run < 6; run++) {
      const bountyId = await people.openRun(BigInt(random.int(1, 250)) * usdc, 90n * 86_400n)
      const { reward, stake, workPeriod } = await market.market.read.getBounty([bountyId])
      fresh.push({ bountyId, round: 1n, terms: { reward, stake, workPeriod: BigInt(workPeriod) } })
    }
    // The last block's time is the clock's, also where the clock has just been moved.
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const drawn: Candidate[] = []
    for (let draw = 0; draw < PAIRS_PER_ROUND; draw++) {
      const candidate = await pickCandidate(world, random)
      // Of an agent that does not exist eligibility says nothing but that.
      if (!candidate?.isAgent) continue
      drawn.push(random.chance(0.5) ? { ...candidate, ...random.pick(fresh) } : candidate)
    }
    const judged = await Promise.all(drawn.map(async (pair) => ({ pair, eligibility: await eligibilityOf(pair) })))
    expect(judged.filter(({ eligibility }) => !eligibility.isWhole)).toEqual([])
    const before = await head()
    const refused = judged.filter(({ eligibility }) => eligibility.code !== undefined)
    const answers = await Promise.all(refused.map(({ pair }) => claim(pair)))
    expect(await head(), 'a refused claim made a block').toBe(before)
    for (const [position, { pair, eligibility }] of refused.entries()) {
      await compare(pair, eligibility, answers[position] as Answer)
    }
    const passing = judged.filter(({ eligibility }) => eligibility.code === undefined)
    const apart = apartOf(passing)
    const won = await Promise.all(apart.map(({ pair }) => claim(pair)))
    for (const [position, { pair, eligibility }] of apart.entries()) {
      await compare(pair, eligibility, won[position] as Answer)
    }
    // Each of these changes what the next one may do.
    for (const { pair } of passing.filter((one) => !apart.includes(one))) {
      const eligibility = await eligibilityOf(pair)
      await compare(pair, eligibility, await claim(pair))
    }
  }

  console.log(`seed ${seed}:`, Object.fromEntries([...seen].sort()), `${changing} pairs changed with the clock`)
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['won', 'RUN_NOT_OPEN', 'INSUFFICIENT_STAKE', 'WALLET_MISMATCH']),
  )
  expect(changing).toBeLessThan(PAIRS / 10)
})
