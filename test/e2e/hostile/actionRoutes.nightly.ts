import { type Hex, type LocalAccount, parseSignature, serializeSignature } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { poster, type Runs, runsOn, type Situation } from '../actions/runsInStates.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

/** The order of secp256k1's group. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const stranger = accountOf(5)

let market: TestMarket
let people: Participants
let runs: Runs
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  people = participantsOf(market)
  runs = await runsOn(market)
  api = claimApi(market.api.url)
}, 120_000)

/** What each action is asked for with, and who signs it. */
type Prepared = { signer: LocalAccount; query: Record<string, unknown> }

async function accountWith(amount: bigint): Promise<LocalAccount> {
  const account = privateKeyToAccount(generatePrivateKey())
  await people.mined(() => market.usdc.write.mint([account.address, amount]))
  return account
}

const aboutRun = (situation: Situation, by: 'wallet' | 'poster', more: Record<string, unknown> = {}) => {
  return async (): Promise<Prepared> => {
    const runId = await runs.runIn(situation)
    const signer = by === 'wallet' ? runs.agent.wallet : poster
    return { signer, query: { runId, ...('signer' in more ? { ...more, signer: signer.address } : more) } }
  }
}

const actions: Record<string, () => Promise<Prepared>> = {
  start: aboutRun('CLAIMED', 'wallet'),
  submit: aboutRun('IN_PROGRESS', 'wallet', { deliverableHash: 'ipfs://work' }),
  abandon: aboutRun('CLAIMED', 'wallet'),
  approve: aboutRun('SUBMITTED', 'poster', { signer: true }),
  revise: aboutRun('SUBMITTED', 'poster', { signer: true, feedbackHash: 'ipfs://feedback' }),
  reject: aboutRun('LAST_SUBMITTED', 'poster', { signer: true }),
  close: aboutRun('OPEN', 'poster'),
  async post() {
    const signer = await accountWith(105n * usdc)
    const deadline = (await people.now()) + 86_400n
    return { signer, query: { poster: signer.address, ipfsHash: 'ipfs://run', reward: 100n * usdc, deadline } }
  },
  async register() {
    const signer = await accountWith(0n)
    return { signer, query: { owner: signer.address, agentURI: 'ipfs://agent' } }
  },
  async stake() {
    const signer = await accountWith(20n * usdc)
    return { signer, query: { agentId: runs.agent.id, from: signer.address, amount: 20n * usdc } }
  },
  async unstake() {
    const { id, wallet } = await people.newAgent(accountOf(4), 30n * usdc)
    return { signer: wallet, query: { agentId: id, signer: wallet.address, amount: usdc } }
  },
}

const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

/** The other signature of the same key and message, which contracts refuse. */
function mirrored(signature: Hex): Hex {
  const { r, s, yParity } = parseSignature(signature)
  const other = `0x${(ORDER - BigInt(s)).toString(16).padStart(64, '0')}` as const
  return serializeSignature({ r, s: other, yParity: yParity === 0 ? 1 : 0 })
}

it.each(Object.keys(actions))(
  '%s takes its own signature only, and is made once for any number of copies',
  {
    timeout: 60_000,
  },
  async (action) => {
    const prepare = actions[action] as () => Promise<Prepared>
    const { signer, query } = await prepare()
    await market.indexed()
    const parameters = new URLSearchParams(
      Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
    )
    const message = await api.get(`/api/messages/${action}?${parameters}`)
    expect(message.status, JSON.stringify(message.body)).toBe(200)
    const { path, body, typedData } = message.body
    const signature = await signer.signTypedData(typedData)
    const end = 'validBefore' in body ? 'validBefore' : 'deadline'
    const before = await sentByRelayer()
    for (const hostile of [
      { ...body, signature: await stranger.signTypedData(typedData) },
      { ...body, [end]: body[end] - 1, signature },
      { ...body, signature: mirrored(signature) },
      { ...body, signature: `${signature}00` },
      { ...body, signature: '0x00' },
    ]) {
      expect(codeOf(await api.post(path, hostile)), JSON.stringify(hostile)).toEqual([401, 'INVALID_SIGNATURE'])
    }
    expect(await sentByRelayer()).toBe(before)
    const copies = await Promise.all(Array.from({ length: 12 }, () => api.post(path, { ...body, signature })))
    expect(copies.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(new Set(copies.map(({ body }) => body.txHash)).size).toBe(1)
    expect(await sentByRelayer()).toBe(before + 1)
  },
)
