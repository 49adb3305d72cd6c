import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex, LocalAccount } from 'viem'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { signedFundingAbi } from '../../../abis/SignedFunding.ts'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { returning } from '../../support/bytecode.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'
import { commitsOfActions, refuseActionsOf } from '../../support/relayRows.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { type Accounts, accountsOn, newAccount } from './accountsOn.ts'

let market: TestMarket
let accounts: Accounts
let people: Participants

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  accounts = accountsOn(market)
  people = accounts.people
}, 120_000)

const balanceOf = ({ address }: LocalAccount) => market.usdc.read.balanceOf([address])
const stranger = accountOf(5)

describe('an account with USDC and no ether', () => {
  it('registers, stakes, claims, and takes its stake out', { timeout: 60_000 }, async () => {
    const owner = await accounts.accountWith(30n * usdc)
    const registered = await accounts.make('register', owner, { owner: owner.address, agentURI: 'ipfs://mine' })
    expect(registered.status, JSON.stringify(registered.body)).toBe(200)
    const { id } = registered.body.agent
    expect(registered.body).toMatchObject({
      success: true,
      agent: { ownerAddress: owner.address, walletAddress: owner.address, agentURI: 'ipfs://mine' },
      message: 'Agent registered.',
    })
    const staked = await accounts.make('stake', owner, { agentId: id, from: owner.address, amount: 25n * usdc })
    expect(staked.body, JSON.stringify(staked.body)).toMatchObject({ success: true, agent: { id } })
    expect(staked.body.agent).toMatchObject({ stakedAmount: String(25n * usdc), status: 'PROVISIONAL' })
    const runId = await people.openRun()
    await market.indexed()
    const claim = await people.sign(runId, { id: BigInt(id), wallet: owner })
    expect((await accounts.api.claim(runId, { id: BigInt(id), wallet: owner }, claim)).status).toBe(200)
    const locked = await accounts.messageFor('unstake', { agentId: id, signer: owner.address, amount: 6n * usdc })
    expect(codeOf(locked)).toEqual([409, 'STAKE_LOCKED'])
    const left = await accounts.make('unstake', owner, { agentId: id, signer: owner.address, amount: 5n * usdc })
    expect(left.body, JSON.stringify(left.body)).toMatchObject({ success: true, message: 'Stake taken out.' })
    expect(left.body.agent.stakedAmount).toBe(String(20n * usdc))
    expect(await balanceOf(owner)).toBe(10n * usdc)
    expect(await market.client.getBalance({ address: owner.address })).toBe(0n)
    const state = await accounts.api.get(`/api/actions/${left.body.actionId}`)
    expect(state.body).toMatchObject({ action: 'unstake', bountyId: null, agentId: id, signer: owner.address })
  })

  it('posts runs, with any terms, twice with the same', { timeout: 60_000 }, async () => {
    const poster = await accounts.accountWith(400n * usdc)
    const terms = { workPeriod: 7_200, stakePercent: 20, evaluator: stranger.address }
    const first = await accounts.make('post', poster, await accounts.postQuery(poster, terms))
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
    const second = await accounts.make('post', poster, await accounts.postQuery(poster, terms))
    expect(second.body.run.bountyId).not.toBe(first.body.run.bountyId)
    expect(await balanceOf(poster)).toBe(190n * usdc)
    expect((await accounts.api.get(`/api/actions/${first.body.actionId}`)).body).toMatchObject({
      action: 'post',
      bountyId: first.body.run.bountyId,
      round: null,
      signer: poster.address,
      state: 'mined',
      agentId: null,
    })
  })
})

describe('an account that is delegated (EIP-7702)', () => {
  /** Accepts what the key of the account has signed: ecrecover of the digest and the signature is the account. */
  const lax: Hex =
    '0x60043560005260643560405260843560605260a43560f81c602052602060006080600060015afa506000513014631626ba7e60e01b0260005260206000f3'

  async function delegatedTo(bytecode: Hex) {
    const account = await accounts.accountWith(200n * usdc)
    const delegate = newAccount().address
    await market.client.setCode({ address: delegate, bytecode })
    await market.client.setCode({ address: account.address, bytecode: `0xef0100${delegate.slice(2)}` })
    return account
  }

  it.each([
    ['takes the signature of its key', lax, [200, undefined], expect.stringContaining('posted')],
    [
      'refuses it',
      returning(0n),
      [401, 'INVALID_SIGNATURE'],
      expect.stringMatching(
        /^The key of 0x.* signed, but the account is delegated \(EIP-7702\), and USDC asks its code/,
      ),
    ],
  ])('to code that %s posts, or reads that USDC asks its code', async (_, code, expected, sentence) => {
    const poster = await delegatedTo(code)
    const answer = await accounts.make('post', poster, await accounts.postQuery(poster))
    expect(codeOf(answer), JSON.stringify(answer.body)).toEqual(expected)
    expect(answer.body.detail ?? answer.body.message).toEqual(sentence)
  })

  it('to code that refuses all claims and works by its key', async () => {
    const wallet = newAccount()
    const agent = await people.newAgent(wallet, 0n)
    await people.stakeFor(agent)
    const delegate = newAccount().address
    await market.client.setCode({ address: delegate, bytecode: returning(0n) })
    await market.client.setCode({ address: wallet.address, bytecode: `0xef0100${delegate.slice(2)}` })
    const runId = await people.openRun()
    expect((await accounts.api.claim(runId, agent, await people.sign(runId, agent))).status).toBe(200)
  })
})

describe('messages that wait for a signer at the same time', () => {
  /** Registers an agent of each account, all while the signer is locked. */
  async function registerTogether(database: Awaited<ReturnType<typeof connect>>, owners: LocalAccount[]) {
    const messages = await Promise.all(
      owners.map((owner) => accounts.signed('register', owner, { owner: owner.address, agentURI: 'ipfs://agent' })),
    )
    await database.query('BEGIN; SELECT FROM relay.signer FOR UPDATE')
    const answers = messages.map(({ path, body }) => accounts.api.post(path, body))
    await sleep(1_000)
    await database.query('COMMIT')
    return Promise.all(answers)
  }

  it('are stored together', { timeout: 60_000 }, async () => {
    await using database = await connect(market.databaseUrl)
    // As many as find a place: half of a signer's unmined transactions.
    const owners = Array.from({ length: 8 }, newAccount)
    const answers = await registerTogether(database, owners)
    expect(answers.map(({ status }) => status)).toEqual(owners.map(() => 200))
    const parties = owners.map(({ address }) => address)
    const stored = await commitsOfActions(database, parties)
    expect(stored?.attempts).toBe(8)
    // The first one alone, then those whose simulations have ended, as often as the signer is free.
    expect(stored?.commits).toBeLessThanOrEqual(4)
  })

  it('do not fail where PostgreSQL refuses one of them', { timeout: 60_000 }, async () => {
    await using database = await connect(market.databaseUrl)
    const owners = Array.from({ length: 8 }, newAccount)
    const accept = await refuseActionsOf(database, owners[5]?.address ?? '0x')
    const answers = await registerTogether(database, owners)
    await accept()
    expect(answers.map(({ status }) => status)).toEqual(owners.map((_, place) => (place === 5 ? 500 : 200)))
  })
})

describe('a signed message', () => {
  it('that is sent several times at once is one transaction, and one run or agent', { timeout: 30_000 }, async () => {
    const account = await accounts.accountWith(500n * usdc)
    const { address: relayer } = accountOf(roles.relayer)
    for (const [action, query] of [
      ['post', await accounts.postQuery(account)],
      ['register', { owner: account.address, agentURI: '' }],
    ] as const) {
      const { path, body } = await accounts.signed(action, account, query)
      const before = await market.client.getTransactionCount({ address: relayer })
      const answers = await Promise.all([1, 2, 3, 4].map(() => accounts.api.post(path, body)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect(new Set(answers.map(({ body }) => body.txHash)).size).toBe(1)
      expect(await market.client.getTransactionCount({ address: relayer })).toBe(before + 1)
      const again = await accounts.api.post(path, body)
      expect(again.body).toMatchObject({ actionId: answers[0]?.body.actionId, txHash: answers[0]?.body.txHash })
    }
    expect(await balanceOf(account)).toBe(395n * usdc)
  })

  /** Sends the signed post as somebody else could, who has seen it. */
  async function sendAsStranger(
    poster: LocalAccount,
    body: Awaited<ReturnType<Accounts['signed']>>['body'],
  ): Promise<Hex> {
    const { workPeriod, stakePercent, evaluator, claimant } = body
    const terms = { workPeriod, stakePercent, evaluator, claimant }
    const { transactionHash } = await people.mined(() =>
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
    return transactionHash
  }

  it('that another sender has sent first is answered with what it made', { timeout: 30_000 }, async () => {
    const poster = await accounts.accountWith(105n * usdc)
    const { path, body } = await accounts.signed('post', poster, await accounts.postQuery(poster))
    const txHash = await sendAsStranger(poster, body)
    const runId = await market.market.read.bountyCount()
    const answer = await accounts.api.post(path, body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.body).toMatchObject({ txHash, run: { bountyId: Number(runId), posterAddress: poster.address } })
  })

  it('that another sender has sent since the relay read the head is answered with what it made', {
    timeout: 60_000,
  }, async () => {
    const env = { HEAD_INTERVAL_MS: '3000' }
    const slow = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer), env })
    onTestFinished(slow.stop)
    const poster = await accounts.accountWith(105n * usdc)
    const { path, body } = await accounts.signed('post', poster, await accounts.postQuery(poster))
    const forged = { ...body, signature: `0x${'11'.repeat(65)}` }
    expect(codeOf(await claimApi(slow.url).post(path, forged))).toEqual([401, 'INVALID_SIGNATURE'])
    const txHash = await sendAsStranger(poster, body)
    const answer = await claimApi(slow.url).post(path, body)
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ success: true, txHash })
  })

  it('of an unstake that another sender has sent first is answered with that transaction', async () => {
    const owner = await accounts.accountWith(30n * usdc)
    const id = await accounts.newAgent(owner)
    expect((await accounts.make('stake', owner, { agentId: id, from: owner.address, amount: 30n * usdc })).status).toBe(
      200,
    )
    const { path, body } = await accounts.signed('unstake', owner, { agentId: id, signer: owner.address, amount: usdc })
    const args = [id, usdc, owner.address, BigInt(body.nonce), BigInt(body.deadline), body.signature as Hex] as const
    const { transactionHash: txHash } = await people.mined(() =>
      market.staking.write.unstakeWithSig(args, { account: stranger.address }),
    )
    const answer = await accounts.api.post(path, body)
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ success: true, txHash })
    expect(await balanceOf(owner)).toBe(usdc)
    // The next message is about the next withdrawal.
    const next = await accounts.signed('unstake', owner, { agentId: id, signer: owner.address, amount: usdc })
    expect(next.body.nonce).toBe(Number(body.nonce) + 1)
    expect(codeOf(await accounts.api.post(path, { ...next.body, nonce: body.nonce }))).toEqual([
      401,
      'INVALID_SIGNATURE',
    ])
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
    const { path, body } = await accounts.signed('register', owner, query)
    expect(codeOf(await claimApi(some.url).post(path, body))).toEqual([503, 'RELAY_UNAVAILABLE'])
    const message = await claimApi(some.url).get(`/api/messages/register?${new URLSearchParams(query)}`)
    expect(codeOf(message)).toEqual([503, 'RELAY_UNAVAILABLE'])
  })
})
