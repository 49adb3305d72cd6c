import { randomInt } from 'node:crypto'
import { BaseError, decodeErrorResult, type Hex, numberToHex, parseAbi, zeroAddress } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { ACCOUNT_ACTIONS, OPEN_CALLS, RUN_ACTIONS } from '../../../core/settings/relay.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { act } from '../../simulation/activity.ts'
import { createRandom } from '../../simulation/random.ts'
import { createWorld, type World } from '../../simulation/world.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { claimApi } from '../claims/claimApi.ts'
import { type Drawn, drawAction } from './randomActions.ts'
import { poster, runsOn, situations } from './runsInStates.ts'

/** A long campaign has 5,000. */
const ACTIONS = Number(process.env.ACTIONS ?? 150)

/** Steps before the first round, steps before each later round, and actions that are checked per round. */
const FIRST_STEPS = 200
const STEPS = 10
const NEW_RUNS = 8
const ACTIONS_PER_ROUND = 40

const seed = Number(process.env.ACTION_SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)

/** The API's code for each error of the contracts. Not imported from the API, so that a wrong code there shows. */
const codes: Record<string, string> = {
  BountyNotFound: 'RUN_NOT_FOUND',
  InvalidState: 'WRONG_STATE',
  NotPoster: 'SIGNER_MISMATCH',
  NotEvaluator: 'SIGNER_MISMATCH',
  NotPosterOrEvaluator: 'SIGNER_MISMATCH',
  NotClaimingWallet: 'SIGNER_MISMATCH',
  NotAgentWalletOrOwner: 'SIGNER_MISMATCH',
  WrongRevision: 'WRONG_REVISION',
  // Each signature here is of its signer, and may be of another revision than the market puts into the message itself.
  InvalidSignature: 'WRONG_REVISION',
  ReviewPeriodOver: 'REVIEW_PERIOD_OVER',
  NoRevisionsLeft: 'NO_REVISIONS_LEFT',
  RevisionsLeft: 'REVISIONS_LEFT',
  BountyIsClosing: 'RUN_CLOSING',
  NoClaimantNamed: 'WRONG_STATE',
  SubmissionOverdue: 'SUBMISSION_OVERDUE',
  BountyDeadlineNotPassed: 'TOO_EARLY',
  ReviewPeriodNotOver: 'TOO_EARLY',
  SubmissionNotOverdue: 'TOO_EARLY',
  NothingOwed: 'NOTHING_OWED',
  RewardOutOfRange: 'TERMS_REFUSED',
  DeadlineOutOfRange: 'TERMS_REFUSED',
  InvalidWorkPeriod: 'TERMS_REFUSED',
  AgentNotFound: 'AGENT_NOT_FOUND',
  NotAgentOwner: 'OWNER_MISMATCH',
  AmountExceedsStake: 'INSUFFICIENT_STAKE',
  StakeIsLocked: 'STAKE_LOCKED',
  ERC20InsufficientBalance: 'INSUFFICIENT_BALANCE',
}

/** What a message does not look at: what its account has. */
const unseenByMessages = 'INSUFFICIENT_BALANCE'

const errors = parseAbi(['error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)'])
const abi = [...bountyMarketAbi, ...agentStakingAbi, ...errors] as const

let market: TestMarket
let world: World
let api: ReturnType<typeof claimApi>

/** Blocks are mined with transactions only, so that a block stays the latest until something happens. */
beforeAll(async () => {
  // What the API does not relay for the rewards' sake is not the contracts' refusal.
  market = await startTestMarket({ chain: {}, api: { env: { MIN_RELAYED_POST: '0' } } })
  api = claimApi(market.api.url)
  const parties = await createWorld(market, { salt: String(seed), posters: 3, agents: 12 })
  world = { ...parties, everyone: [...parties.everyone, poster, evaluator, wallet] }
  // The API takes the later of chain time and this machine's time as now: keep chain time the later.
  await market.client.increaseTime({ seconds: 86_400 })
  await market.client.mine({ blocks: 1 })
  return market.stop
}, 120_000)

const evaluator = accountOf(3)
/** Of the agents of `runsOn`. */
const wallet = accountOf(2)
const head = () => market.client.getBlockNumber({ cacheTime: 0 })
const relayer = accountOf(roles.relayer).address

/** The contract's code for the call; undefined if it takes it. */
async function refusalOf({ call }: Drawn, blockTag: 'latest' | 'pending'): Promise<string | undefined> {
  try {
    await market.client.call({ account: relayer, ...call, blockTag })
    return undefined
  } catch (error) {
    const found =
      error instanceof BaseError && error.walk((cause) => typeof (cause as { data?: unknown }).data === 'string')
    const data = found && (found as unknown as { data: Hex }).data
    if (!data) throw error
    const { errorName } = decodeErrorResult({ abi, data })
    const code = codes[errorName]
    if (!code) throw new Error(`No code is expected for ${errorName}`, { cause: error })
    return code
  }
}

/** A drawn action, the contract's code for it, and what the API says is to be signed, all at one block. */
type Asked = { drawn: Drawn; code: string | undefined; message: Answer | undefined }

/** @returns undefined if the next block gives another answer than the latest: a time limit lies between them. */
async function ask(drawn: Drawn, block: bigint): Promise<Asked | undefined> {
  const code = await refusalOf(drawn, 'latest')
  if (code !== (await refusalOf(drawn, 'pending'))) return undefined
  const { action, query } = drawn
  const message = query === undefined ? undefined : await api.get(`/api/messages/${action}?${query}&minBlock=${block}`)
  return { drawn, code, message }
}

/** Sends what the API says is to be signed, or what the test has signed where the API says nothing. */
async function send({ drawn, message }: Asked): Promise<Answer> {
  if (message?.status !== 200 || !drawn.signer) return api.post(drawn.path, drawn.body)
  const { path, body, typedData } = message.body
  return api.post(path, { ...body, signature: await drawn.signer.signTypedData(typedData) })
}

const codeOf = ({ status, body }: Answer): string | undefined => (status === 200 ? undefined : body.code)

/** Actions about different things: they do not affect each other, so that they can be made at once. */
function apartOf(asked: Asked[]): Asked[] {
  const changed = new Set<string>()
  const touched = new Set<string>()
  return asked.filter(({ drawn: { about, touches = [] } }) => {
    const meets = about.some((one) => changed.has(one) || touched.has(one)) || touches.some((one) => changed.has(one))
    if (meets) return false
    for (const one of about) changed.add(one)
    for (const one of touches) touched.add(one)
    return true
  })
}

/** New runs in any state, of a new agent: of those that the world makes by itself, few are live, and agents are frozen. */
async function addRuns() {
  const runs = await runsOn(market)
  for (let run = 0; run < NEW_RUNS; run++) {
    await runs.runIn(random.pick(situations), random.chance(0.5) ? evaluator.address : zeroAddress)
  }
}

it(`message, action and contract agree at the same block, for ${ACTIONS} random actions in random states`, {
  timeout: 60_000 + ACTIONS * 1_000,
}, async () => {
  const seen = new Map<string, number>()
  const made = new Set<string>()
  /** A call that anyone may ask for has no signature: where the chain refuses to make it again, the first is the answer. */
  const ids = new Set<string>()
  let checked = 0
  let changing = 0
  const contracts = { ...market.deployment, usdcDomain: { name: 'USD Coin', version: '2' } }

  /** Whether the answer names an event of the run that the chain had before: another signature for the same has made it. */
  async function isMadeBefore({ drawn, code }: Asked, { status, body }: Answer, block: bigint) {
    if (status !== 200 || code === undefined || BigInt(body.blockNumber) > block) return false
    const { logs } = await market.client.getTransactionReceipt({ hash: body.txHash })
    const run = numberToHex(BigInt(drawn.path.split('/')[3] ?? ''), { size: 32 })
    return logs.some(({ topics }) => topics[1] === run)
  }

  async function compare(asked: Asked, answer: Answer, block: bigint) {
    const { drawn, code, message } = asked
    const what = `seed ${seed}: ${drawn.action} ${drawn.path} ${drawn.query ?? ''}`
    if (message && code !== unseenByMessages)
      expect.soft(codeOf(message), `message, ${what}: ${JSON.stringify(message.body)}`).toBe(code)
    const isRepeat =
      (answer.status === 200 && ids.has(answer.body.actionId)) || (await isMadeBefore(asked, answer, block))
    if (!isRepeat) expect.soft(codeOf(answer), `action, ${what}: ${JSON.stringify(answer.body)}`).toBe(code)
    if (answer.status === 200) ids.add(answer.body.actionId)
    checked++
    if (!code) made.add(drawn.action)
    const outcome = isRepeat ? 'made before' : (code ?? `${drawn.action} made`)
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }

  while (checked < ACTIONS) {
    for (let step = checked === 0 ? 0 : FIRST_STEPS - STEPS; step < FIRST_STEPS; step++) await act(world, random)
    await addRuns()
    if (random.chance(0.2)) await market.client.increaseTime({ seconds: random.pick([7, 15]) * 86_400 + 60 })
    // The time of the latest block is the clock's, also right after the clock was moved.
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const block = await head()
    const drawn: Drawn[] = []
    for (let draw = 0; draw < ACTIONS_PER_ROUND; draw++) {
      const one = await drawAction(world, contracts, random)
      if (one) drawn.push(one)
    }
    const asked = await Promise.all(drawn.map((one) => ask(one, block)))
    changing += asked.filter((one) => one === undefined).length
    const settled = asked.filter((one) => one !== undefined)
    const refused = settled.filter(({ code }) => code !== undefined)
    const answers = await Promise.all(refused.map(send))
    expect(await head(), 'a refused action made a block').toBe(block)
    for (const [place, one] of refused.entries()) await compare(one, answers[place] as Answer, block)
    const apart = apartOf(settled.filter(({ code }) => code === undefined))
    const results = await Promise.all(apart.map(send))
    for (const [place, one] of apart.entries()) await compare(one, results[place] as Answer, block)
  }
  const list = [...seen].sort().map(([outcome, count]) => `${outcome} ${count}`)
  console.log(`seed ${seed}: ${checked} actions agree, ${changing} at a time limit are left out: ${list.join(', ')}`)
  // With many actions each is made; with few, most are.
  const missing = [...RUN_ACTIONS, ...ACCOUNT_ACTIONS, ...OPEN_CALLS].filter(
    (name) => name !== 'collect' && !made.has(name),
  )
  expect(missing.length, `never made: ${missing}`).toBeLessThanOrEqual(ACTIONS >= 2_000 ? 0 : 8)
})
