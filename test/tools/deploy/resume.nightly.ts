import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createTestClient,
  type Hash,
  type Hex,
  http,
  type LocalAccount,
  numberToHex,
  publicActions,
  walletActions,
} from 'viem'
import { foundry } from 'viem/chains'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DeployOptions, prepareDeployment } from '../../../ops/deploy.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { type Fault, says, startRpcProxy } from '../../support/rpcProxy.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const TREASURY = accountOf(7).address
const OWNER = accountOf(8).address
const MAX_REWARD = 1_000_000_000n

let rpcUrl: string
beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  return anvil.stop
})

let directory: string
/** Another market in each test, on the same chain. */
let salt: Hex
let markets = 0
const nextSalt = () => numberToHex(++markets, { size: 32 })
beforeEach(async () => {
  salt = nextSalt()
  const { path, remove } = await temporaryDirectory()
  directory = path
  return remove
})

const chain = () =>
  createTestClient({ mode: 'anvil', chain: foundry, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions)

const sentBy = ({ address }: LocalAccount) => chain().getTransactionCount({ address })

const journal = (name = 'journal') => join(directory, name)

/** Runs the deployment. @returns its result and its output. */
async function deploy(account: LocalAccount, changes: Partial<DeployOptions> = {}) {
  const lines: string[] = []
  const onStep = (line: string) => lines.push(line)
  const options = { rpcUrl, chainId: 31337, account, salt, TREASURY, OWNER, MAX_REWARD, journalPath: journal(), onStep }
  const { send } = await prepareDeployment({ ...options, ...changes })
  return { ...(await send()), lines }
}

/** Deploys through an endpoint with faults. @returns the error that stopped it, if any. */
async function stoppedBy(
  account: LocalAccount,
  faultOf: (method: string) => Fault | undefined,
  journalPath = journal(),
) {
  const proxy = await startRpcProxy(rpcUrl, ({ method }) => faultOf(method))
  try {
    await deploy(account, { rpcUrl: proxy.url, journalPath })
    return undefined
  } catch (error) {
    return error
  } finally {
    await proxy.stop()
  }
}

const drop: Fault = { kind: 'drop' }
const dead = says('the node is down')

/** Stops as if the process had died after `count` contracts, before it sent the next transaction. */
async function stoppedWith(count: number, account: LocalAccount) {
  let sent = 0
  const isNext = (method: string) => method === 'eth_sendRawTransaction' && sent++ === count
  expect(await stoppedBy(account, (method) => (isNext(method) ? dead : undefined))).toMatchObject({
    message: expect.stringMatching(/^\w+ \(nonce \d+\) was not taken by RPC_URL$/),
  })
}

async function changeJournal(change: (content: { fixed: Record<string, string> }) => void) {
  const content = JSON.parse(await readFile(journal(), 'utf8'))
  change(content)
  await writeFile(journal(), JSON.stringify(content))
}

describe('an interrupted deployment', () => {
  it('resumes from any point, and creates nothing twice', async () => {
    const account = accountOf(0)
    for (let last = 1, reason: unknown = dead; reason !== undefined; last++) {
      salt = nextSalt()
      const before = await sentBy(account)
      // From the first transaction on, the answer to the last call is lost, and later calls get no answer.
      let calls = 0
      const fault = () => (++calls < last ? undefined : calls === last ? drop : dead)
      const path = journal(`${last}`)
      reason = await stoppedBy(account, (method) => (calls || method.includes('send') ? fault() : undefined), path)

      const { created, deployment } = await deploy(account, { journalPath: path })
      expect(created.map(({ contract }) => contract)).toEqual([
        'MockUSDC',
        'AgentRegistry',
        'BountyMarket',
        'SignedFunding',
      ])
      expect(await sentBy(account)).toBe(before + 4)
      for (const { hash, block, address } of created) {
        const receipt = await chain().getTransactionReceipt({ hash: hash as Hash })
        expect([receipt.status, Number(receipt.blockNumber)]).toEqual(['success', block])
        expect(await chain().getCode({ address, blockNumber: BigInt(block - 1) })).toBeUndefined()
        expect(await chain().getCode({ address, blockNumber: BigInt(block) })).toBeDefined()
      }
      expect(deployment.startBlock).toBe(created[2]?.block)
      if (reason === undefined) expect(last).toBeGreaterThan(12)
    }
  })

  it('lists the existing contracts', async () => {
    const account = accountOf(1)
    await stoppedWith(2, account)
    const { created, lines } = await deploy(account)
    expect(lines).toEqual([
      `Resuming the deployment in ${journal()}`,
      `MockUSDC is at ${created[0]?.address} already, since block ${created[0]?.block}`,
      `AgentRegistry is at ${created[1]?.address} already, since block ${created[1]?.block}`,
      `BountyMarket is sent: ${created[2]?.hash}`,
      `BountyMarket is at ${created[2]?.address}`,
      `SignedFunding is sent: ${created[3]?.hash}`,
      `SignedFunding is at ${created[3]?.address}`,
    ])
  })

  it('continues at the next nonce after another transaction of the deployer', async () => {
    const account = accountOf(2)
    await stoppedWith(2, account)
    await transfer(account)
    expect((await deploy(account)).created).toHaveLength(4)
    expect(await sentBy(account)).toBe(5)
  })

  it('continues from another account, without the journal', async () => {
    const account = accountOf(7)
    await stoppedWith(2, account)
    const { created, deployment } = await deploy(accountOf(8), { journalPath: '' })
    expect(created.map(({ contract, hash }) => [contract, hash !== undefined])).toEqual([
      ['MockUSDC', false],
      ['AgentRegistry', false],
      ['BountyMarket', true],
      ['SignedFunding', true],
    ])
    expect([await sentBy(account), await sentBy(accountOf(8))]).toEqual([2, 2])
    expect(deployment.startBlocks).toEqual({ AgentRegistry: created[1]?.block })
  })

  it('reports one that uses the nonce while it runs', async () => {
    const account = accountOf(3)
    let isUsed = false
    const proxy = await startRpcProxy(rpcUrl, ({ method }) =>
      method === 'eth_sendRawTransaction' && !isUsed ? { kind: 'hang' } : undefined,
    )
    const running = deploy(account, { rpcUrl: proxy.url })
    await expect.poll(() => proxy.counts.get('hang')).toBe(1)
    await transfer(account)
    isUsed = true
    await expect(running).rejects.toThrow('is not created: a transaction that is not of this deployment used the nonce')
    await proxy.stop()
    expect((await deploy(account)).created).toHaveLength(4)
  }, 60_000)

  it('does not resume with other terms or with another salt', async () => {
    const account = accountOf(4)
    await stoppedWith(1, account)
    await expect(deploy(account, { TREASURY: OWNER })).rejects.toThrow(
      `${journal()} is of a deployment with other terms or code:\n  TREASURY was ${TREASURY}, and is ${OWNER}\n` +
        'Restore these to resume it, or move the file away to start a new deployment.',
    )
    await expect(deploy(account, { USDC_ADDRESS: accountOf(4).address })).rejects.toThrow('USDC_ADDRESS')
    const other = nextSalt()
    await expect(deploy(account, { salt: other })).rejects.toThrow(`\n  SALT was ${salt}, and is ${other}\n`)
    await changeJournal(({ fixed }) => {
      fixed['code of BountyMarket'] = salt
    })
    await expect(deploy(account)).rejects.toThrow(`\n  code of BountyMarket was ${salt}, and is 0x`)
    await writeFile(journal(), '{}')
    await expect(deploy(account)).rejects.toThrow(`${journal()} is malformed`)
  })

  it('is discarded when its devnet is gone', async () => {
    const account = accountOf(6)
    await stoppedWith(1, account)
    await changeJournal(({ fixed }) => {
      fixed.GENESIS = `0x${'9'.repeat(64)}`
    })
    const { created, lines } = await deploy(account)
    expect(lines[0]).toBe(`${journal()} is of a devnet that has ended: starting a new deployment`)
    expect(created).toHaveLength(4)
  })
})

it('does not start while another transaction of the deployer is pending', async () => {
  const account = accountOf(9)
  await chain().setAutomine(false)
  try {
    await transfer(account)
    await expect(deploy(account)).rejects.toThrow(
      `${account.address} has 1 pending transaction(s), not of this deployment, from nonce 0 on: wait until they are`,
    )
  } finally {
    await chain().setAutomine(true)
    await chain().mine({ blocks: 1 })
  }
  expect(await readdir(directory)).toEqual([])
})

const transfer = (account: LocalAccount) => chain().sendTransaction({ account, to: TREASURY, value: 1n })
