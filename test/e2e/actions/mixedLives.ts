import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalAccount, parseEventLogs } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { TestChain } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'
import { claimApi } from '../claims/claimApi.ts'

const REWARD = 10n * usdc
const FEE = REWARD / 20n
const STAKE = 25n * usdc
/** What a claim of such a run puts at risk. */
const AT_RISK = 1n * usdc

type Signer = 'poster' | 'worker' | 'evaluator'

/** What the parties do with a run once it is posted, and what the chain must show of it afterwards. */
const paths = {
  approved: {
    steps: [
      ['claim', 'worker'],
      ['start', 'worker'],
      ['submit', 'worker'],
      ['approve', 'poster'],
    ],
    events: ['BountyClaimed', 'WorkStarted', 'WorkSubmitted', 'BountyApproved'],
    poster: -REWARD - FEE,
    worker: REWARD,
  },
  revised: {
    steps: [
      ['claim', 'worker'],
      ['submit', 'worker'],
      ['revise', 'evaluator'],
      ['submit', 'worker'],
      ['approve', 'evaluator'],
    ],
    events: ['BountyClaimed', 'WorkSubmitted', 'RevisionRequested', 'WorkSubmitted', 'BountyApproved'],
    poster: -REWARD - FEE,
    worker: REWARD,
  },
  rejected: {
    steps: [
      ['claim', 'worker'],
      ['start', 'worker'],
      ['submit', 'worker'],
      ['reject', 'evaluator'],
    ],
    events: ['BountyClaimed', 'WorkStarted', 'WorkSubmitted', 'BountyRejected'],
    poster: -FEE,
    worker: -AT_RISK,
  },
  abandoned: {
    steps: [
      ['claim', 'worker'],
      ['start', 'worker'],
      ['abandon', 'worker'],
      ['close', 'poster'],
    ],
    events: ['BountyClaimed', 'WorkStarted', 'ClaimAbandoned', 'BountyWithdrawn'],
    poster: 0n,
    worker: -AT_RISK,
  },
  closed: { steps: [['close', 'poster']], events: ['BountyWithdrawn'], poster: 0n, worker: 0n },
} as const satisfies Record<
  string,
  { steps: readonly (readonly [string, Signer])[]; events: readonly string[]; poster: bigint; worker: bigint }
>

export type PathName = keyof typeof paths

export const pathNames = Object.keys(paths) as PathName[]

const compared = new Set<string>(['BountyCreated', ...Object.values(paths).flatMap(({ events }) => events)])

/** The accounts of a life, which have USDC and no ether. */
export type Life = { path: PathName } & Record<Signer, LocalAccount>

export function newLife(path: PathName): Life {
  const account = () => privateKeyToAccount(generatePrivateKey())
  return { path, poster: account(), worker: account(), evaluator: account() }
}

/** The USDC that the accounts of a life begin with. */
export const fundsOf = ({ poster, worker }: Life) =>
  [
    [poster.address, REWARD + FEE],
    [worker.address, STAKE],
  ] as const

/** Whether no process listened. */
const isRefused = ({ cause }: Error) => cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'

/** @param url of one of the APIs, of which each may be killed at any time. */
export function clientOf(url: () => string, client: TestChain['client']) {
  let cutOff = 0

  /** Repeats a request while it is not answered or not decided, as docs/api.md#actions says. */
  async function untilAnswered(
    request: (api: ReturnType<typeof claimApi>) => ReturnType<ReturnType<typeof claimApi>['get']>,
  ) {
    for (;;) {
      try {
        const answer = await request(claimApi(url()))
        if (answer.status === 200) return answer.body
        if (answer.status !== 202 && answer.status !== 503 && answer.body.code !== 'INDEX_BEHIND')
          throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`)
      } catch (error) {
        // The process was killed before or during the request.
        if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
        if (!isRefused(error)) cutOff++
      }
      await sleep(200)
    }
  }

  /** Asks what to sign, signs it once, and sends that until it is made. @param block the last that an answer named. */
  async function act(action: string, by: LocalAccount, query: Record<string, unknown>, block: number) {
    const parameters = new URLSearchParams(
      Object.fromEntries(Object.entries({ ...query, minBlock: block }).map(([name, value]) => [name, String(value)])),
    )
    const { path, body, typedData } = await untilAnswered((api) => api.get(`/api/messages/${action}?${parameters}`))
    const signed = { ...body, signature: await by.signTypedData(typedData) }
    return untilAnswered((api) => api.post(path, signed, { Prefer: 'wait=5' }))
  }

  /** One life from registration and post to the end, when the worker takes its stake out. @returns its agent and run. */
  async function live(life: Life) {
    const { poster, worker, evaluator, path } = life
    const registered = await act('register', worker, { owner: worker.address, agentURI: 'ipfs://agent' }, 0)
    const agentId: number = registered.agent.id
    const staking = { agentId, from: worker.address, amount: STAKE }
    const staked = await act('stake', worker, staking, registered.blockNumber)
    const deadline = (await client.getBlock()).timestamp + 86_400n
    const terms = {
      poster: poster.address,
      ipfsHash: 'ipfs://run',
      reward: REWARD,
      deadline,
      evaluator: evaluator.address,
    }
    const posted = await act('post', poster, terms, staked.blockNumber)
    const runId: number = posted.run.bountyId
    let block: number = posted.blockNumber
    for (const [action, signer] of paths[path].steps) {
      const by = life[signer]
      const queries: Record<string, Record<string, unknown>> = {
        claim: { agentId, walletAddress: by.address },
        submit: { deliverableHash: 'ipfs://work' },
        revise: { signer: by.address, feedbackHash: 'ipfs://feedback' },
        approve: { signer: by.address },
        reject: { signer: by.address },
      }
      const made = await act(action, by, { runId, ...queries[action] }, block)
      block = made.blockNumber
    }
    const amount = paths[path].worker === -AT_RISK ? STAKE - AT_RISK : STAKE
    await act('unstake', worker, { agentId, signer: worker.address, amount }, block)
    return { life, agentId: BigInt(agentId), runId: BigInt(runId) }
  }

  return { live, cutOff: () => cutOff }
}

export type Lived = Awaited<ReturnType<ReturnType<typeof clientOf>['live']>>

/** What the chain has of these lives that differs from what was asked for: lost, doubled, or by another path. */
export async function findStrayActions(chain: TestChain, lives: readonly Lived[]): Promise<string[]> {
  const { client, market, staking, registry, usdc: token } = chain
  const logsOf = (address: `0x${string}`) => client.getLogs({ address, fromBlock: 0n })
  const [ofMarket, ofStaking, ofRegistry] = await Promise.all(
    [market, staking, registry].map(({ address }) => logsOf(address)),
  )
  const runEvents = parseEventLogs({ abi: market.abi, logs: ofMarket ?? [] })
  const moves = parseEventLogs({ abi: staking.abi, eventName: ['Staked', 'Unstaked'], logs: ofStaking ?? [] })
  const agents = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs: ofRegistry ?? [] })

  async function strayOf({ life, agentId, runId }: Lived): Promise<string[]> {
    const { path, poster, worker } = life
    const [posters, workers] = await Promise.all([poster, worker].map(({ address }) => token.read.balanceOf([address])))
    const seen = {
      runs: runEvents.filter((one) => one.eventName === 'BountyCreated' && one.args.poster === poster.address).length,
      events: runEvents
        .filter(({ eventName, args }) => compared.has(eventName) && 'bountyId' in args && args.bountyId === runId)
        .map(({ eventName }) => eventName),
      agents: agents.filter(({ args }) => args.owner === worker.address).length,
      moves: moves.filter(({ args }) => args.agentId === agentId).map(({ eventName }) => eventName),
      ofPoster: posters,
      ofWorker: workers,
    }
    const expected = {
      runs: 1,
      events: ['BountyCreated', ...paths[path].events],
      agents: 1,
      moves: ['Staked', 'Unstaked'],
      ofPoster: REWARD + FEE + paths[path].poster,
      ofWorker: STAKE + paths[path].worker,
    }
    return Object.entries(expected).flatMap(([name, value]) => {
      const own = seen[name as keyof typeof seen]
      return String(own) === String(value) ? [] : [`run ${runId}, ${path}: ${name} ${own}, not ${value}`]
    })
  }
  return (await Promise.all(lives.map(strayOf))).flat()
}
