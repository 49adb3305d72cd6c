import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import getPort from 'get-port'
import { expect, it, onTestFinished } from 'vitest'
import { chains } from '../../../ops/deployment/chains.ts'
import { accountCount, accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { deployCircleUsdc } from '../../support/circleUsdc.ts'
import { copyCode, deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { setL1Prices } from '../../support/l1Prices.ts'
import { mineHistory } from '../../support/mineHistory.ts'
import { answerAsRollup } from '../../support/rollupNode.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const chainId = 84_532
const HISTORY_SECONDS = 80
const PREPARATION_SECONDS = 60

/** The commands of the page, without those whose values are the reader's. */
async function readCommands() {
  const page = await readFile('docs/operations.md', 'utf8')
  const [, block = ''] = /### A first day on Base Sepolia\n.*?```sh\n(.*?)```/s.exec(page) ?? []
  return block.trimEnd().split('\n')
}

it('the commands of a first day on Base Sepolia work as the page prints them', { timeout: 300_000 }, async () => {
  const commands = await readCommands()
  expect(commands.length).toBeGreaterThan(5)
  expect(commands.length).toBeLessThanOrEqual(15)

  const timestamp = Math.floor(Date.now() / 1_000) - HISTORY_SECONDS - PREPARATION_SECONDS
  // Blocks are final at once, so that the audit need not wait for twenty minutes.
  const flags = ['--network', 'optimism', '--slots-in-an-epoch', '1']
  const anvil = await startAnvil({ chainId, timestamp, accounts: accountCount, flags })
  onTestFinished(anvil.stop)
  const node = await startRpcProxy(anvil.rpcUrl, answerAsRollup(anvil.rpcUrl))
  onTestFinished(node.stop)
  const deployments = await temporaryDirectory()
  onTestFinished(deployments.remove)
  await setL1Prices(anvil.rpcUrl, { base: '20', blob: '5' })
  const client = createAnvilClient(anvil.rpcUrl)
  const values: Record<string, string> = {
    OWNER: accountOf(3).address,
    TREASURY: accountOf(roles.treasury).address,
    DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
    CHAIN_ID: String(chainId),
    RPC_URL: node.url,
    DATABASE_URL: await freshDatabase(),
  }
  const { known } = chains[chainId] ?? {}
  if (!known) throw new Error(`Chain ${chainId} has no known contracts`)
  await deployCircleUsdc(anvil.rpcUrl, known.USDC)
  await copyCode(client, await deployArtifact(anvil.rpcUrl, 'ForeignRegistry'), known.AgentRegistry)
  await mineHistory(client, { seconds: HISTORY_SECONDS, blockTime: 2 })
  const sequencer = mineBlocks(client, 1_000)
  onTestFinished(sequencer.stop)

  const exported = commands
    .filter((line) => line.startsWith('export '))
    .flatMap((line) => [...line.matchAll(/(\w+)=\S+/g)].map(([, name = '']) => name))
  expect(exported.toSorted()).toEqual(Object.keys(values).toSorted())
  const [PORT, OPS_PORT, PONDER_PORT] = [String(await getPort()), String(await getPort()), String(await getPort())]
  const script = commands
    .filter((line) => !line.startsWith('export ') && line !== 'npm ci')
    .map((line) => line.replace(':3000', `:${PORT}`))
    .map((line) => line.replace('RELAYER_PRIVATE_KEY=0x…', `RELAYER_PRIVATE_KEY=${keyOf(roles.relayer)}`))
    // Confirmed in advance: this shell has no terminal.
    .map((line) => line.replace('npm run deploy --', 'npm run deploy -- --yes'))
  const { all, exitCode } = await execa(
    'bash',
    ['-euo', 'pipefail', '-c', ["trap 'kill $(jobs -p) || true; wait' EXIT", ...script].join('\n')],
    {
      env: { ...values, DEPLOYMENTS_DIR: deployments.path, PORT, OPS_PORT, PONDER_PORT },
      all: true,
      reject: false,
    },
  )
  expect(exitCode, all).toBe(0)
  expect(all).toMatch(/BountyMarket at 0x.*"status":"ready".*0 differences/ms)
})
