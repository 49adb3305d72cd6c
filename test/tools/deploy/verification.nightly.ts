import { readFile } from 'node:fs/promises'
import solc from 'solc'
import { type Address, concatHex, createPublicClient, type Hash, type Hex, http, zeroHash } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { readDeployment } from '../../../core/deployment.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { runDeploy } from '../../support/deployCommand.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

type Code = { object: string; immutableReferences?: Record<string, { start: number; length: number }[]> }
type Compiled = { evm: { bytecode: Code; deployedBytecode: Code } }
type Verification = {
  compilerVersion: string
  stdJsonInput: object
  contracts: {
    contractIdentifier: string
    address: Address
    creationTransactionHash: Hash
    constructorArguments: Hex
  }[]
}

let rpcUrl: string
let verification: Verification
let contracts: ReturnType<typeof readDeployment>['contracts']
let output: { contracts: Record<string, Record<string, Compiled>>; errors?: { severity: string }[] }

beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  const { path, remove } = await temporaryDirectory()
  const { stderr } = await runDeploy(['--chain', '31337'], {
    RPC_URL: rpcUrl,
    DEPLOYMENTS_DIR: path,
    DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
    TREASURY: accountOf(7).address,
    OWNER: accountOf(8).address,
  })
  expect(stderr).toBe('')
  contracts = readDeployment(31337, path).contracts
  verification = JSON.parse(await readFile(`${path}/31337.verification.json`, 'utf8'))
  // The compiler gets the file alone: it resolves no import.
  output = JSON.parse(solc.compile(JSON.stringify(verification.stdJsonInput)))
  return async () => {
    await anvil.stop()
    await remove()
  }
})

describe('the input for source verification', () => {
  it('names every contract of the deployment, and the compiler', () => {
    const { USDC, AgentRegistry, AgentStaking, BountyMarket, SignedFunding } = contracts
    const addresses = verification.contracts.map(({ contractIdentifier, address }) => [contractIdentifier, address])
    expect(Object.fromEntries(addresses)).toEqual({
      'contracts/mocks/MockUSDC.sol:MockUSDC': USDC,
      'contracts/AgentRegistry.sol:AgentRegistry': AgentRegistry,
      'contracts/BountyMarket.sol:BountyMarket': BountyMarket,
      'contracts/AgentStaking.sol:AgentStaking': AgentStaking,
      'contracts/SignedFunding.sol:SignedFunding': SignedFunding,
    })
    expect(solc.version()).toContain(verification.compilerVersion)
    expect(output.errors?.filter(({ severity }) => severity === 'error') ?? []).toEqual([])
  })

  it('compiles to the sent creation code, and to the code on the chain', async () => {
    const client = createPublicClient({ transport: http(rpcUrl) })
    for (const {
      contractIdentifier,
      address,
      creationTransactionHash,
      constructorArguments,
    } of verification.contracts) {
      const { bytecode, deployedBytecode } = compiled(contractIdentifier)
      const { input } = await client.getTransaction({ hash: creationTransactionHash })
      const created = concatHex([`0x${bytecode.object}`, constructorArguments])
      // The market creates AgentStaking, from code within its own code.
      if (address === contracts.AgentStaking) expect(input).toContain(bytecode.object)
      else expect(input).toBe(concatHex([zeroHash, created]))
      const code = await client.getCode({ address })
      expect(withoutImmutables(code?.slice(2), deployedBytecode)).toBe(
        withoutImmutables(deployedBytecode.object, deployedBytecode),
      )
      // The constructor writes the immutables, its own address among them: run with these arguments, before the deployment
      // and as the market's first creation, it returns the code that contains them.
      if (address === contracts.AgentStaking) {
        const { blockNumber } = await client.getTransactionReceipt({ hash: creationTransactionHash })
        const { data } = await client.call({
          account: contracts.BountyMarket,
          data: created,
          blockNumber: blockNumber - 1n,
          stateOverride: [{ address: contracts.BountyMarket, nonce: 1 }],
        })
        expect(data).toBe(code)
      }
    }
  })
})

function compiled(identifier: string) {
  const [file = '', name = ''] = identifier.split(':')
  const contract = output.contracts[file]?.[name]
  if (!contract) throw new Error(`${identifier} was not compiled`)
  return contract.evm
}

function withoutImmutables(code: string | undefined, { immutableReferences = {} }: Code): string {
  const bytes = Buffer.from(code ?? '', 'hex')
  for (const { start, length } of Object.values(immutableReferences).flat()) bytes.fill(0, start, start + length)
  return bytes.toString('hex')
}
