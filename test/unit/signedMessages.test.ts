import { describe, expect, it } from 'vitest'
import { type ClaimOptions, createRunlineClient, type ReadRun } from '../../packages/client/src/index.ts'
import {
  type claimTerms,
  honestMessage,
  type Lie,
  liesOf,
  lyingMessage,
  readAgent,
  readRun,
  signer,
  stranger,
  trusted,
} from '../support/hostileMessages.ts'

type Answer = (url: URL) => object

/** A client of an API that answers each message so, and says of all that is sent that it is done. */
function clientOf(answer: Answer, sent = () => Response.json({ success: true })) {
  const signed: Record<string, unknown>[] = []
  const { USDC, SignedFunding, AgentStaking, AgentRegistry, BountyMarket } = trusted.contracts
  const client = createRunlineClient({
    url: 'http://localhost',
    market: { chainId: trusted.chainId, address: BountyMarket },
    contracts: { usdc: USDC, signedFunding: SignedFunding, agentStaking: AgentStaking, agentRegistry: AgentRegistry },
    async fetch(input) {
      const { method, url } = input as Request
      if (method === 'POST') return sent()
      const typedData = answer(new URL(url))
      // The message of a claim is the typed data itself.
      return Response.json({ ...typedData, body: {}, typedData })
    },
  })
  const by = {
    via: 'relay',
    signer: {
      address: signer.address,
      async signTypedData(typedData: { message: object }) {
        signed.push({ ...typedData.message })
        return signer.signTypedData(typedData as never)
      },
    },
  } as const
  return { client, by, signed }
}

type Client = ReturnType<typeof clientOf>

const terms = { ipfsHash: 'ipfs://Task', reward: 100_000_000n, deadline: 1_900_000_000n }

const acts: Record<string, (client: Client['client'], by: Client['by'], run: ReadRun) => Promise<object>> = {
  claim: ({ runs }, by, run) => runs.claim(run, { agentId: 3, signer: by.signer }),
  start: ({ runs }, by, run) => runs.start(run, by),
  submit: ({ runs }, by, run) => runs.submit(run, 'ipfs://Work', by),
  abandon: ({ runs }, by, run) => runs.abandon(run, by),
  approve: ({ runs }, by, run) => runs.approve(run, 1, by),
  revise: ({ runs }, by, run) => runs.revise(run, 1, 'ipfs://Feedback', by),
  reject: ({ runs }, by, run) => runs.reject(run, 1, by),
  close: ({ runs }, by, run) => runs.close(run, by),
  'name-claimant': ({ runs }, by, run) => runs.nameClaimant(run, signer.address, by),
  post: ({ runs }, by) => runs.post(terms, by),
  register: ({ agents }, by) => agents.register('ipfs://Agent', by),
  stake: ({ agents }, by) => agents.stake(3, 20_000_000n, by),
  unstake: ({ agents }, by) => agents.unstake(readAgent, 20_000_000n, by),
}

describe.each(Object.entries(acts))('for %s', (action, act) => {
  it('the client signs the message of an honest API, once', async () => {
    const { client, by, signed } = clientOf(honestMessage)
    await act(client, by, readRun)
    expect(signed).toHaveLength(1)
  })

  it.each(liesOf[action] ?? [])('it signs nothing where the API lies about %s', async (lie: Lie) => {
    const { client, by, signed } = clientOf((url) => lyingMessage(url, lie))
    await expect(act(client, by, readRun)).rejects.toThrow('Nothing was signed')
    expect(signed).toEqual([])
  })
})

describe('the terms of a claim', () => {
  const other = { stake: 100_000_000n, workPeriod: 3_600n, evaluator: stranger }

  /** Claims a run that has these terms on chain. @returns the terms that were signed, or why none. */
  async function claimOf(
    onChain: Partial<typeof claimTerms>,
    run: Parameters<Client['client']['runs']['claim']>[0],
    expected: ClaimOptions['expected'] = {},
  ) {
    const { client, by, signed } = clientOf((url) => honestMessage(url, onChain))
    const error = await client.runs.claim(run, { agentId: 3, signer: by.signer, expected }).catch(String)
    return signed[0] ?? error
  }

  it.each([
    ['stake', { stake: 10_000_001n }],
    ['workPeriod', { workPeriod: 3_600n }],
    ['evaluator', { evaluator: stranger }],
    ['stake', other],
  ])('are the defaults, where the caller has read and named none: %s', async (member, onChain) => {
    for (const run of [7, { bountyId: 7, reward: '100000000' }])
      expect(await claimOf(onChain, run)).toMatch(
        new RegExp(`UnexpectedMessageError: .* has ${member} .*Nothing was signed`),
      )
  })

  it.each([
    [{ reward: 10_000n, stake: 1_000n }],
    [{ reward: 300_000_000n, stake: 20_000_000n }],
    [{ reward: 1_000_000_000n, stake: 50_000_000n }],
    [{ stake: 1_000_000n }],
  ])('are signed up to the default stake: %o', async (onChain) => {
    expect(await claimOf(onChain, 7)).toMatchObject(onChain)
  })

  it('above the default stake are refused by a base unit', async () => {
    for (const [reward, most] of [
      [10_000n, 1_000n],
      [300_000_000n, 20_000_000n],
      [1_000_000_000n, 50_000_000n],
    ] as const)
      expect(await claimOf({ reward, stake: most + 1n }, 7)).toContain(`not at most ${most}`)
  })

  it('are those of the run that the caller has read', async () => {
    const read = { ...readRun, stakeRequired: '100000000', workPeriod: 3_600, evaluator: stranger }
    expect(await claimOf(other, read)).toMatchObject(other)
    expect(await claimOf({ ...other, stake: 99_000_000n }, read)).toContain('has stake 99000000, not 100000000')
    expect(await claimOf({}, read)).toContain('Nothing was signed')
  })

  it('are those that the caller expects, before those that it has read', async () => {
    const expected = { reward: 100_000_000n, stake: 100_000_000n, workPeriod: 3_600, evaluator: stranger, round: 3 }
    expect(await claimOf(other, 7, expected)).toMatchObject(other)
    expect(await claimOf(other, readRun, expected)).toMatchObject(other)
    expect(await claimOf({ ...other, round: 4n }, 7, expected)).toContain('has round 4, not 3')
    expect(await claimOf({ ...other, reward: 1n }, 7, expected)).toContain('has reward 1, not 100000000')
    expect(await claimOf(other, 7, { ...expected, evaluator: null })).toContain(`has evaluator ${stranger}`)
    expect(await claimOf({ ...other, stake: 5_000_000n }, 7, expected)).toContain('has stake 5000000')
  })
})

it('an API that refuses a claim gets no second signature', async () => {
  const { client, by, signed } = clientOf(honestMessage, () => {
    const headers = { 'Content-Type': 'application/problem+json' }
    return Response.json({ status: 401, code: 'INVALID_SIGNATURE', detail: 'No.' }, { status: 401, headers })
  })
  await expect(client.runs.claim(7, { agentId: 3, signer: by.signer })).rejects.toThrow('INVALID_SIGNATURE')
  expect(signed).toHaveLength(1)
})

it('a stake goes to an agent of the signer, or of the owner that the caller names', async () => {
  const ofStranger = (url: URL) => lyingMessage(url, 'query.owner')
  const { client, by, signed } = clientOf(ofStranger)
  await expect(client.agents.stake(3, 1n, by)).rejects.toThrow('Nothing was signed')
  await client.agents.stake({ id: 3, ownerAddress: stranger }, 1n, by)
  expect(signed).toHaveLength(1)
})

it('a payment needs the contracts that the caller trusts', async () => {
  const { by, signed } = clientOf(honestMessage)
  const market = { chainId: trusted.chainId, address: trusted.contracts.BountyMarket }
  const { runs } = createRunlineClient({ url: 'http://localhost', market })
  await expect(runs.post(terms, by)).rejects.toThrow('the option contracts')
  expect(signed).toEqual([])
})
