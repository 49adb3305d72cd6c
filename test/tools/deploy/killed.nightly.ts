import { readdir } from 'node:fs/promises'
import { execa } from 'execa'
import { type Address, createTestClient, http, isAddressEqual, publicActions } from 'viem'
import { expect, it, onTestFinished } from 'vitest'
import { readDeployment } from '../../../core/deployment.ts'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const deployer = 0
const { address } = accountOf(deployer)

it('a deployment whose process was killed resumes, raises the fee of the pending transaction, and creates nothing twice', async () => {
  const anvil = await startAnvil({ flags: ['--no-mining'] })
  onTestFinished(anvil.stop)
  const { path, remove } = await temporaryDirectory()
  onTestFinished(remove)
  const chain = createTestClient({ mode: 'anvil', transport: http(anvil.rpcUrl), cacheTime: 0 }).extend(publicActions)
  const command = () =>
    execa({
      extendEnv: false,
      env: {
        RPC_URL: anvil.rpcUrl,
        DEPLOYMENTS_DIR: path,
        DEPLOYER_PRIVATE_KEY: keyOf(deployer),
        TREASURY: accountOf(7).address,
        OWNER: accountOf(8).address,
      },
      reject: false,
    })(process.execPath, ['ops/deployCommand.ts', '--chain', '31337'])
  const pending = async (nonce: number) => {
    const pool = Object.entries((await chain.getTxpoolContent()).pending)
    return pool.find(([sender]) => isAddressEqual(sender as Address, address))?.[1]?.[nonce]
  }
  const feeOf = async (nonce: number) => BigInt((await pending(nonce))?.maxFeePerGas ?? 0)
  const polling = { timeout: 30_000, interval: 50 }

  const first = command()
  await expect.poll(() => pending(0), polling).toBeDefined()
  first.kill('SIGKILL')
  expect(await first).toMatchObject({ signal: 'SIGKILL' })
  expect(await readdir(path)).toEqual(['31337.journal.json'])
  const fee = await feeOf(0)

  const second = command()
  await expect.poll(() => feeOf(0), polling).toBeGreaterThanOrEqual((fee * 9n) / 8n)
  await chain.mine({ blocks: 1 })
  await expect.poll(() => pending(1), polling).toBeDefined()
  second.kill('SIGKILL')
  expect((await second).stdout).toContain('MockUSDC is pending; its fee is raised')
  // The pending transaction is mined while the command is not running.
  await chain.mine({ blocks: 1 })

  await chain.setAutomine(true)
  const { exitCode, stdout, stderr } = await command()
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^MockUSDC is at 0x\w{40} already, since block 1$/m)
  expect(stdout).toMatch(/^AgentRegistry is at 0x\w{40} already, since block 2$/m)
  expect(stdout).toMatch(/^BountyMarket is at 0x\w{40}$/m)
  expect(stdout).toMatch(/^SignedFunding is at 0x\w{40}$/m)
  expect((await readdir(path)).sort()).toEqual(['31337.json', '31337.verification.json'])
  expect(readDeployment(31337, path)).toMatchObject({ startBlock: 3, startBlocks: { AgentRegistry: 2 } })
  expect(await chain.getTransactionCount({ address })).toBe(4)
}, 120_000)
