import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, type LocalAccount, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { signedFundingAbi } from '../../../abis/SignedFunding.ts'
import type { AccountActionName } from '../../../core/market/accountActions.ts'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

const newAccount = () => privateKeyToAccount(generatePrivateKey())
const indexed = () => market.client.getBlockNumber({ cacheTime: 0 })
const balanceOf = ({ address }: LocalAccount) => market.usdc.read.balanceOf([address])
const stranger = accountOf(5)

/** An account with USDC and no ether. */
async function accountWith(amount: bigint) {
  const account = newAccount()
  await people.mined(() => market.usdc.write.mint([account.address, amount]))
  return account
}

const messageFor = async (action: AccountActionName, query: Record<string, unknown>) => {
  const named = Object.entries({ ...query, minBlock: await indexed() }).map(([name, value]) => [name, String(value)])
  return api.get(`/api/messages/${action}?${new URLSearchParams(Object.fromEntries(named))}`)
}

/** What the API says is to be signed, with the account's signature. */
async function signed(action: AccountActionName, account: LocalAccount, query: Record<string, unknown>) {
  const message = await messageFor(action, query)
  expect(message.status, JSON.stringify(message.body)).toBe(200)
  const { path, body, typedData } = message.body
  return { path, body: { ...body, signature: await account.signTypedData(typedData) } }
}

/** Signs what the API says, and sends it where the API says. */
async function make(action: AccountActionName, account: LocalAccount, query: Record<string, unknown>) {
  const { path, body } = await signed(action, account, query)
  return api.post(path, body)
}

const postQuery = async ({ address }: LocalAccount, more: Record<string, unknown> = {}) => ({
  poster: address,
  ipfsHash: 'ipfs://run',
  reward: 100n * usdc,
  deadline: (await people.now()) + 86_400n,
  ...more,
})

/** Registers an agent of the account. @returns its id. */
async function newAgent(owner: LocalAccount): Promise<bigint> {
  const { status, body } = await make('register', owner, { owner: owner.address, agentURI: 'ipfs://agent' })
  expect(status, JSON.stringify(body)).toBe(200)
  return BigInt(body.agent.id)
}

describe('an account with USDC and no ether', () => {
  it('registers, stakes, claims, and takes its stake out', { timeout: 60_000 }, async () => {
    const owner = await accountWith(30n * usdc)
    const registered = await make('register', owner, { owner: owner.address, agentURI: 'ipfs://mine' })
    expect(registered.status, JSON.stringify(registered.body)).toBe(200)
    const { id } = registered.body.agent
    expect(registered.body).toMatchObject({
      success: true,
      agent: { ownerAddress: owner.address, walletAddress: owner.address, agentURI: 'ipfs://mine' },
      message: 'Agent registered.',
    })
    const staked = await make('stake', owner, { agentId: id, from: owner.address, amount: 25n * usdc })
    expect(staked.body, JSON.stringify(staked.body)).toMatchObject({ success: true, agent: { id } })
    expect(staked.body.agent).toMatchObject({ stakedAmount: String(25n * usdc), status: 'PROVISIONAL' })
    const runId = await people.openRun()
    await market.indexed()
    const claim = await people.sign(runId, { id: BigInt(id), wallet: owner })
    expect((await api.claim(runId, { id: BigInt(id), wallet: owner }, claim)).status).toBe(200)
    const locked = await messageFor('unstake', { agentId: id, signer: owner.address, amount: 6n * usdc })
    expect(codeOf(locked)).toEqual([409, 'STAKE_LOCKED'])
    const left = await make('unstake', owner, { agentId: id, signer: owner.address, amount: 5n * usdc })
    expect(left.body, JSON.stringify(left.body)).toMatchObject({ success: true, message: 'Stake taken out.' })
    expect(left.body.agent.stakedAmount).toBe(String(20n * usdc))
    expect(await balanceOf(owner)).toBe(10n * usdc)
    expect(await market.client.getBalance({ address: owner.address })).toBe(0n)
    const state = await api.get(`/api/actions/${left.body.actionId}`)
    expect(state.body).toMatchObject({ action: 'unstake', bountyId: null, agentId: id, signer: owner.address })
  })

  it('posts runs, with any terms, twice with the same', { timeout: 60_000 }, async () => {
    const poster = await accountWith(400n * usdc)
    const terms = { workPeriod: 7_200, stakePercent: 20, evaluator: stranger.address }
    const first = await make('post', poster, await postQuery(poster, terms))
    expect(first.status, JSON.stringify(first.body)).toBe(200)
    expect(first.body.run).toMatchObject({
      posterAddress: poster.address,
      state: 'OPEN',
      reward: String(100n * usdc),
      workPeriod: 7_200,
      stakeRequired: String(20n * usdc),
      evaluator: stranger.address,
    })
    const receipt = await market.client.getTransactionReceipt({ hash: first.body.txHash })
    expect(receipt).toMatchObject({ status: 'success', blockNumber: BigInt(first.body.blockNumber) })
    const second = await make('post', poster, await postQuery(poster, terms))
    expect(second.body.run.bountyId).not.toBe(first.body.run.bountyId)
    expect(await balanceOf(poster)).toBe(190n * usdc)
    expect((await api.get(`/api/actions/${first.body.actionId}`)).body).toMatchObject({
      action: 'post',
      bountyId: first.body.run.bountyId,
      round: null,
      signer: poster.address,
      state: 'mined',
      agentId: null,
    })
  })
})

describe('messages that wait for a signer at the same time', () => {
  /** Registers an agent of each account, all while the signer is locked. */
  async function registerTogether(database: Awaited<ReturnType<typeof connect>>, accounts: LocalAccount[]) {
    const messages = await Promise.all(
      accounts.map((owner) => signed('register', owner, { owner: owner.address, agentURI: 'ipfs://agent' })),
    )
    await database.query('BEGIN; SELECT FROM relay.signer FOR UPDATE')
    const answers = messages.map(({ path, body }) => api.post(path, body))
    await sleep(1_000)
    await database.query('COMMIT')
    return Promise.all(answers)
  }

  it('are stored together', { timeout: 60_000 }, async () => {
    await using database = await connect(market.databaseUrl)
    const accounts = Array.from({ length: 12 }, newAccount)
    const answers = await registerTogether(database, accounts)
    expect(answers.map(({ status }) => status)).toEqual(accounts.map(() => 200))
    const { rows } = await database.query(
      `SELECT count(*)::int AS attempts, count(DISTINCT attempt.xmin::text)::int AS commits
      FROM relay.attempt JOIN relay.account_action USING (tx) WHERE party = ANY($1)`,
      [accounts.map(({ address }) => address)],
    )
    expect(rows[0].attempts).toBe(12)
    expect(rows[0].commits).toBeLessThanOrEqual(4)
  })

  it('do not fail where PostgreSQL refuses one of them', { timeout: 60_000 }, async () => {
    await using database = await connect(market.databaseUrl)
    const accounts = Array.from({ length: 8 }, newAccount)
    await database.query(`
      CREATE FUNCTION relay.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON relay.account_action FOR EACH ROW
        WHEN (NEW.party = '${accounts[5]?.address}') EXECUTE FUNCTION relay.refuse()`)
    const answers = await registerTogether(database, accounts)
    await database.query('DROP FUNCTION relay.refuse() CASCADE')
    expect(answers.map(({ status }) => status)).toEqual(accounts.map((_, place) => (place === 5 ? 500 : 200)))
  })
})

describe('a signed message', () => {
  it('that is sent several times at once is one transaction, and one run or agent', { timeout: 30_000 }, async () => {
    const account = await accountWith(500n * usdc)
    const { address: relayer } = accountOf(roles.relayer)
    for (const [action, query] of [
      ['post', await postQuery(account)],
      ['register', { owner: account.address, agentURI: '' }],
    ] as const) {
      const { path, body } = await signed(action, account, query)
      const before = await market.client.getTransactionCount({ address: relayer })
      const answers = await Promise.all([1, 2, 3, 4].map(() => api.post(path, body)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect(new Set(answers.map(({ body }) => body.txHash)).size).toBe(1)
      expect(await market.client.getTransactionCount({ address: relayer })).toBe(before + 1)
      const again = await api.post(path, body)
      expect(again.body).toMatchObject({ actionId: answers[0]?.body.actionId, txHash: answers[0]?.body.txHash })
    }
    expect(await balanceOf(account)).toBe(395n * usdc)
  })

  it('that another sender has sent first is answered with what it made', { timeout: 30_000 }, async () => {
    const poster = await accountWith(105n * usdc)
    const { path, body } = await signed('post', poster, await postQuery(poster))
    const terms = { workPeriod: body.workPeriod, stakePercent: body.stakePercent, evaluator: body.evaluator }
    const { transactionHash: txHash } = await people.mined(() =>
      market.client.writeContract({
        address: market.deployment.contracts.SignedFunding,
        abi: signedFundingAbi,
        functionName: 'postBounty',
        args: [
          poster.address,
          body.ipfsHash,
          BigInt(body.reward),
          BigInt(body.deadline),
          terms,
          0n,
          BigInt(body.validBefore),
          body.salt,
          body.signature,
        ],
        chain: null,
        account: stranger.address,
      }),
    )
    const runId = await market.market.read.bountyCount()
    const answer = await api.post(path, body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.body).toMatchObject({ txHash, run: { bountyId: Number(runId), posterAddress: poster.address } })
  })

  it('of an unstake that another sender has sent first is answered with that transaction', async () => {
    const owner = await accountWith(30n * usdc)
    const id = await newAgent(owner)
    expect((await make('stake', owner, { agentId: id, from: owner.address, amount: 30n * usdc })).status).toBe(200)
    const { path, body } = await signed('unstake', owner, { agentId: id, signer: owner.address, amount: usdc })
    const args = [id, usdc, owner.address, BigInt(body.nonce), BigInt(body.deadline), body.signature as Hex] as const
    const { transactionHash: txHash } = await people.mined(() =>
      market.staking.write.unstakeWithSig(args, { account: stranger.address }),
    )
    const answer = await api.post(path, body)
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ success: true, txHash })
    expect(await balanceOf(owner)).toBe(usdc)
    // The next message is about the next withdrawal.
    const next = await signed('unstake', owner, { agentId: id, signer: owner.address, amount: usdc })
    expect(next.body.nonce).toBe(Number(body.nonce) + 1)
    expect(codeOf(await api.post(path, { ...next.body, nonce: body.nonce }))).toEqual([401, 'INVALID_SIGNATURE'])
  })
})

describe('a server with RELAY_ACTIONS without them', () => {
  it('relays none, and says nothing to sign', { timeout: 60_000 }, async () => {
    const some = await startApi({
      ...market,
      port: 0,
      relayerKey: keyOf(roles.relayer),
      env: { RELAY_ACTIONS: 'start' },
    })
    onTestFinished(some.stop)
    const owner = newAccount()
    const query = { owner: owner.address, agentURI: '' }
    const { path, body } = await signed('register', owner, query)
    expect(codeOf(await claimApi(some.url).post(path, body))).toEqual([503, 'RELAY_UNAVAILABLE'])
    const message = await claimApi(some.url).get(`/api/messages/register?${new URLSearchParams(query)}`)
    expect(codeOf(message)).toEqual([503, 'RELAY_UNAVAILABLE'])
  })
})

describe('is refused, and costs no transaction:', () => {
  let before: number
  let owner: LocalAccount
  let id: bigint
  const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

  beforeAll(async () => {
    owner = await accountWith(200n * usdc)
    id = await newAgent(owner)
    await make('stake', owner, { agentId: id, from: owner.address, amount: 20n * usdc })
    before = await sentByRelayer()
  }, 30_000)
  afterAll(async () => expect(await sentByRelayer()).toBe(before))

  it('the signature of another account, and one of other members', async () => {
    const { path, body } = await signed('post', owner, await postQuery(owner))
    const forged = await signed('post', stranger, await postQuery(owner))
    expect(codeOf(await api.post(path, forged.body))).toEqual([401, 'INVALID_SIGNATURE'])
    for (const change of [
      { reward: String(90n * usdc) },
      { ipfsHash: 'ipfs://worm' },
      { evaluator: stranger.address },
      { stakePercent: 1 },
      { workPeriod: 3_600 },
      { salt: `0x${'1'.repeat(64)}` },
      { validBefore: body.validBefore - 1 },
    ]) {
      const answer = await api.post(path, { ...body, ...change })
      expect(codeOf(answer), JSON.stringify(change)).toEqual([401, 'INVALID_SIGNATURE'])
    }
    const register = await signed('register', owner, { owner: owner.address, agentURI: 'ipfs://one' })
    const other = await api.post(register.path, { ...register.body, agentURI: 'ipfs://two' })
    expect(codeOf(other)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(other.headers.get('WWW-Authenticate')).toContain('/api/messages/register?owner=')
    const stake = await signed('stake', owner, { agentId: id, from: owner.address, amount: usdc })
    expect(codeOf(await api.post(stake.path, { ...stake.body, amount: '2000000' }))).toEqual([401, 'INVALID_SIGNATURE'])
  })

  it('a signature that has expired, or is valid for too long', async () => {
    const now = BigInt(Math.floor(Date.now() / 1_000))
    for (const validBefore of [now - 10n, now + 20n, now + 700n]) {
      const { path, body } = await signed('post', owner, await postQuery(owner))
      const answer = await api.post(path, { ...body, validBefore: Number(validBefore) })
      expect(codeOf(answer), String(validBefore)).toEqual([401, 'SIGNATURE_EXPIRED'])
    }
    const asked = await messageFor('post', await postQuery(owner, { validBefore: now + 700n }))
    expect(codeOf(asked)).toEqual([400, 'VALIDATION_FAILED'])
  })

  it('more USDC or stake than there is', async () => {
    const post = await make('post', owner, await postQuery(owner, { reward: 900n * usdc }))
    expect(codeOf(post)).toEqual([403, 'INSUFFICIENT_BALANCE'])
    expect(post.body).toMatchObject({ balance: String(180n * usdc), required: String(945n * usdc) })
    const unstake = await messageFor('unstake', { agentId: id, signer: owner.address, amount: 21n * usdc })
    expect(codeOf(unstake)).toEqual([403, 'INSUFFICIENT_STAKE'])
  })

  it('terms that the market does not take', async () => {
    const refused = async (change: Record<string, unknown>) => {
      const { body } = await messageFor('post', await postQuery(owner, change))
      return [body.code, body.field]
    }
    const now = await people.now()
    expect(await refused({ reward: 9_999 })).toEqual(['TERMS_REFUSED', 'reward'])
    expect(await refused({ reward: 999_999 })).toEqual(['REWARD_TOO_LOW', undefined])
    expect(await refused({ deadline: now })).toEqual(['TERMS_REFUSED', 'deadline'])
    expect(await refused({ deadline: now + 400n * 86_400n })).toEqual(['TERMS_REFUSED', 'deadline'])
    expect(await refused({ workPeriod: 3_601 })).toEqual(['TERMS_REFUSED', 'workPeriod'])
    expect(await refused({ stakePercent: 101 })).toEqual(['VALIDATION_FAILED', 'stakePercent'])
    expect(await refused({ ipfsHash: '' })).toEqual(['VALIDATION_FAILED', 'ipfsHash'])
    // The same, sent without a message.
    const { path, body } = await signed('post', owner, await postQuery(owner))
    expect(codeOf(await api.post(path, { ...body, reward: '9999' }))).toEqual([403, 'REWARD_TOO_LOW'])
  })

  it('an unstake by an account that may not, and a stake of an agent that is not there or not the owner’s', async () => {
    const query = { agentId: id, signer: stranger.address, amount: usdc }
    const message = await messageFor('unstake', query)
    expect(codeOf(message)).toEqual([403, 'SIGNER_MISMATCH'])
    expect(message.body.expected).toEqual([owner.address])
    const own = await signed('unstake', owner, { ...query, signer: owner.address })
    const named = await api.post(own.path, { ...own.body, signer: stranger.address })
    expect(codeOf(named)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(codeOf(await messageFor('stake', { agentId: 999_999, from: owner.address, amount: 1 }))).toEqual([
      404,
      'AGENT_NOT_FOUND',
    ])
    const { body } = await signed('stake', owner, { agentId: id, from: owner.address, amount: usdc })
    expect(codeOf(await api.post('/api/agents/999999/stake', body))).toEqual([401, 'INVALID_SIGNATURE'])
    expect(codeOf(await api.post(`/api/agents/${2n ** 300n}/stake`, body))).toEqual([404, 'AGENT_NOT_FOUND'])
  })

  it('a body that is not the message’s', async () => {
    const fields = async (path: string, good: object, change: object) => {
      const { status, body } = await api.post(path, { ...good, ...change })
      return [status, body.field]
    }
    const post = (await signed('post', owner, await postQuery(owner))).body
    expect(await fields('/api/runs', post, { reward: '0' })).toEqual([400, 'reward'])
    expect(await fields('/api/runs', post, { reward: '1.5' })).toEqual([400, 'reward'])
    expect(await fields('/api/runs', post, { salt: '0x12' })).toEqual([400, 'salt'])
    expect(await fields('/api/runs', post, { stakePercent: 300 })).toEqual([400, 'stakePercent'])
    expect(await fields('/api/runs', post, { workPeriod: 2 ** 33 })).toEqual([400, 'workPeriod'])
    expect(await fields('/api/runs', post, { poster: undefined })).toEqual([400, 'poster'])
    expect(await fields('/api/runs', post, { evaluator: zeroAddress, more: 1 })).toEqual([400, 'more'])
    const register = (await signed('register', owner, { owner: owner.address, agentURI: 'é'.repeat(128) })).body
    expect(await fields('/api/agents', register, { agentURI: 'é'.repeat(129) })).toEqual([400, 'agentURI'])
    expect(await fields('/api/agents', register, { agentURI: 'a\0b' })).toEqual([400, 'agentURI'])
    const unstake = (await signed('unstake', owner, { agentId: id, signer: owner.address, amount: 1 })).body
    expect(await fields(`/api/agents/${id}/unstake`, unstake, { nonce: '9'.repeat(78) })).toEqual([400, 'nonce'])
    expect(await fields(`/api/agents/${id}/unstake`, unstake, { amount: 0 })).toEqual([400, 'amount'])
  })
})
