import { secp256k1 } from '@noble/curves/secp256k1'
import { execa } from 'execa'
import { parseEther, parseTransaction, recoverTransactionAddress, type TransactionSerialized } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { awsKmsKeys } from '../../../src/api/relay/sender/keys/awsKms.ts'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startFakeKms } from '../../support/fakeKms.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

const keyId = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const signer = accountOf(20)

let kms: Awaited<ReturnType<typeof startFakeKms>>
let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent
const log: string[] = []

beforeAll(async () => {
  kms = await startFakeKms(keyId, keyOf(20))
  market = await startTestMarket({
    api: {
      relayerKey: undefined,
      env: { ...kms.env, RELAYER_KMS_KEYS: keyId },
      onLine: (line) => void log.push(line),
    },
  })
  await market.client.setBalance({ address: signer.address, value: parseEther('1') })
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await market.indexed()
  api = claimApi(market.api.url)
}, 120_000)

afterAll(async () => {
  await market?.stop()
  await kms?.stop()
})

afterEach(() => kms.failAlways())

async function claim() {
  const runId = await people.openRun(usdc)
  return api.claim(runId, agent, await people.sign(runId, agent))
}

type Status = { status: string; reasons: { code: string; figures: string }[] }

const status = async () => (await (await fetch(`${market.api.opsUrl}/status`)).json()) as Status

describe('a relayer whose key is in AWS KMS', () => {
  it('makes claims', async () => {
    for (const _ of [1, 2, 3, 4]) {
      const { status, body } = await claim()
      expect([status, body.code]).toEqual([200, undefined])
      const { from } = await market.client.getTransaction({ hash: body.txHash })
      expect(from).toBe(signer.address.toLowerCase())
    }
    expect(kms.signatures()).toBeGreaterThanOrEqual(4)
    expect(kms.requests.filter((operation) => operation === 'TrentService.GetPublicKey')).toHaveLength(1)
  })

  it('that is throttled twice signs at the third attempt', async () => {
    const before = kms.requests.length
    kms.failNext({ status: 400, type: 'ThrottlingException' }, { status: 400, type: 'ThrottlingException' })
    expect((await claim()).status).toBe(200)
    expect(kms.requests.length - before).toBe(3)
  })

  it.each([
    ['refuses', { status: 400, type: 'AccessDeniedException' } as const],
    ['does not answer', 'silent' as const],
  ])(
    'that %s: claims answer 503, /status names the signer, the log the cause, and later claims are won',
    async (_, fault) => {
      kms.failAlways(fault)
      const refused = await claim()
      expect(codeOf(refused)).toEqual([503, 'RELAY_UNAVAILABLE'])
      expect(refused.body.detail).toBe('The relayer’s key does not sign.')
      await until('in the status', async () => (await status()).status === 'degraded')
      const cause = fault === 'silent' ? /time/i : /AccessDeniedException/
      expect((await status()).reasons).toMatchObject([
        { code: 'RELAYER_NOT_SIGNING', affects: 'claims', figures: expect.stringMatching(cause) },
      ])
      expect((await status()).reasons[0]?.figures).toMatch(signer.address)
      expect(log.filter((line) => line.includes('its signer rests') && cause.test(line))).not.toEqual([])
      kms.failAlways()
      await until('done', async () => (await claim()).status === 200)
      await until('ready again', async () => (await status()).status === 'ready')
    },
  )

  it('that is disabled is a metric, and the key in RELAYER_PRIVATE_KEY makes the claims', async () => {
    const other = accountOf(21)
    await market.client.setBalance({ address: other.address, value: parseEther('1') })
    const both = await startApi({
      ...market,
      port: 0,
      relayerKey: keyOf(21),
      env: { ...kms.env, RELAYER_KMS_KEYS: keyId },
    })
    onTestFinished(both.stop)
    const claimOfBoth = claimApi(both.url)
    kms.failAlways({ status: 400, type: 'DisabledException' })
    const before = await market.client.getTransactionCount({ address: other.address })
    const isReported = async () => {
      const runId = await people.openRun(usdc)
      expect((await claimOfBoth.claim(runId, agent, await people.sign(runId, agent))).status).toBe(200)
      const metrics = await (await fetch(`${both.opsUrl}/metrics`)).text()
      return metrics.includes(`relay_signer_not_signing{signer="${signer.address}"} 1`)
    }
    await until('reported', isReported)
    for (const _ of [1, 2, 3]) await isReported()
    expect(await market.client.getTransactionCount({ address: other.address })).toBeGreaterThanOrEqual(before + 4)
    const metrics = await (await fetch(`${both.opsUrl}/metrics`)).text()
    expect(metrics).toContain(`relay_signer_not_signing{signer="${other.address}"} 0`)
  })

  it('is not abandoned while the relay has its key', async () => {
    const { exitCode, stderr } = await execa(
      process.execPath,
      ['ops/abandonCommand.ts', '--signer', signer.address, '--yes'],
      { reject: false, env: { ...kms.env, DATABASE_URL: market.databaseUrl, RELAYER_KMS_KEYS: keyId } },
    )
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`The key of ${signer.address} is in`)])
  })

  it.each([
    ['refuses connections', undefined],
    ['does not answer', 'silent' as const],
    ['refuses', { status: 400, type: 'AccessDeniedException' } as const],
  ])(
    'whose KMS %s when the API starts: reads are served, and claims once KMS answers',
    { timeout: 60_000 },
    async (_, fault) => {
      const refusing = await startFakeKms(keyId, keyOf(20))
      if (fault) refusing.failAlways(fault)
      else await refusing.stop()
      const late = await startApi({ ...market, port: 0, env: { ...refusing.env, RELAYER_KMS_KEYS: keyId } })
      onTestFinished(late.stop)
      expect((await fetch(`${late.url}/api/runs`)).status).toBe(200)
      const ready = await fetch(`${late.url}/readyz`)
      expect([ready.status, await ready.json()]).toMatchObject([
        200,
        { status: 'degraded', reasons: [{ code: 'RELAYER_NOT_SIGNING', affects: 'claims' }] },
      ])
      const metrics = async () => (await fetch(`${late.opsUrl}/metrics`)).text()
      expect(await metrics()).toMatch(/^relay_absent_keys 1$/m)
      const { reasons } = (await (await fetch(`${late.opsUrl}/status`)).json()) as Status
      expect(reasons[0]?.figures).toContain(`KMS does not return the public key of ${keyId}`)
      const runId = await people.openRun(usdc)
      const signature = await people.sign(runId, agent)
      const refused = await claimApi(late.url).claim(runId, agent, signature)
      expect(codeOf(refused)).toEqual([503, 'RELAY_UNAVAILABLE'])
      expect(refused.body.detail).toBe('The store of the relayer’s keys does not answer.')
      if (fault) refusing.failAlways()
      const again = fault
        ? refusing
        : await startFakeKms(keyId, keyOf(20), Number(new URL(refusing.env.AWS_ENDPOINT_URL_KMS).port))
      onTestFinished(again.stop)
      await until('done', async () => (await claimApi(late.url).claim(runId, agent, signature)).status === 200, 20_000)
      expect(await metrics()).toMatch(/^relay_absent_keys 0$/m)
      await until('ready', async () => {
        const { status } = (await (await fetch(`${late.opsUrl}/status`)).json()) as Status
        return status === 'ready'
      })
    },
  )

  it('that KMS does not have: the API does not start, and says which key', async () => {
    const starting = startApi({
      ...market,
      env: { ...kms.env, RELAYER_KMS_KEYS: `${keyId}0` },
    })
    await expect(starting).rejects.toThrow(`KMS does not return the public key of ${keyId}0`)
  })

  it('without a region: the API does not start, and says what to set', async () => {
    const starting = startApi({ ...market, env: { ...kms.env, AWS_REGION: '', RELAYER_KMS_KEYS: keyId } })
    await expect(starting).rejects.toThrow(/exited with code 1.*Set AWS_REGION/s)
  })
})

it('every transaction is signed by the key with a low s, as EIP-2 requires', async () => {
  Object.assign(process.env, kms.env)
  const [key] = await awsKmsKeys([keyId])
  const remote = await key?.open()
  const transaction = { type: 'eip1559', chainId: 1, to: signer.address, gas: 21_000n } as const
  for (const nonce of [1, 2, 3, 4]) {
    const raw = (await remote?.signTransaction({ ...transaction, nonce })) as TransactionSerialized<'eip1559'>
    const parsed = parseTransaction(raw)
    expect(parsed).toMatchObject({ nonce, chainId: 1, gas: 21_000n })
    expect(BigInt(parsed.s ?? 0)).toBeLessThanOrEqual(secp256k1.CURVE.n / 2n)
    expect(await recoverTransactionAddress({ serializedTransaction: raw })).toBe(signer.address)
  }
})
