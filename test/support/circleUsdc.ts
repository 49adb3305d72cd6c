import { readFile } from 'node:fs/promises'
import { type Abi, type Address, type Hex, keccak256, maxUint256, parseAbi, stringToHex } from 'viem'
import { foundry } from 'viem/chains'
import { accountOf, roles } from '../../tools/devnet/accounts.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'
import { copyCode } from './contracts.ts'

const proxyAbi = parseAbi(['constructor(address implementation)', 'function changeAdmin(address newAdmin)'])

const tokenAbi = parseAbi([
  'function initialize(string name, string symbol, string currency, uint8 decimals, address masterMinter, address pauser, address blacklister, address owner)',
  'function initializeV2(string name)',
  'function initializeV2_1(address lostAndFound)',
  'function initializeV2_2(address[] accountsToBlacklist, string symbol)',
  'function configureMinter(address minter, uint256 allowance)',
])

/** The compiler leaves this place for the address of SignatureChecker, in hexadecimal digits. */
const LIBRARY = /__\$\w{34}\$__/g

/** Where the proxy keeps its implementation and its admin. */
const PROXY_SLOTS = ['implementation', 'admin'].map((name) => keccak256(stringToHex(`org.zeppelinos.proxy.${name}`)))

/**
 * Deploys Circle's USDC behind its proxy, as it is on Base, to an Anvil that mines each transaction. The deployer may mint
 * any amount, blacklist and pause; Anvil's account 9 is the proxy's admin, because an admin's calls never reach the token.
 * @param known The address that the proxy has on the chain with this id.
 * @returns the proxy's address.
 */
export async function deployCircleUsdc(rpcUrl: string, known?: Address): Promise<Address> {
  const deployer = accountOf(roles.deployer).address
  const client = createAnvilClient(rpcUrl, { ...foundry, id: await createAnvilClient(rpcUrl).getChainId() }, deployer)
  const bytecode = JSON.parse(await readFile(new URL('circleUsdc.json', import.meta.url), 'utf8'))

  async function create(code: Hex, abi: Abi = [], args: readonly unknown[] = []) {
    const hash = await client.deployContract({ abi, bytecode: code, args })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`A contract of Circle was not deployed: ${hash}`)
    return contractAddress
  }

  const library = await create(bytecode.SignatureChecker)
  const token = await create(bytecode.FiatTokenV2_2.replaceAll(LIBRARY, library.slice(2).toLowerCase()))
  const created = await create(bytecode.FiatTokenProxy, proxyAbi, [token])
  const address = known ?? created
  if (known) await copyCode(client, created, known, PROXY_SLOTS)
  async function call(abi: Abi, functionName: string, args: readonly unknown[]) {
    const hash = await client.writeContract({ address, abi, functionName, args })
    const { status } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`${functionName} of Circle’s USDC reverted: ${hash}`)
  }
  await call(proxyAbi, 'changeAdmin', [accountOf(9).address])
  const everyRole = [deployer, deployer, deployer, deployer]
  await call(tokenAbi, 'initialize', ['USD Coin', 'USDC', 'USD', 6, ...everyRole])
  await call(tokenAbi, 'initializeV2', ['USD Coin'])
  await call(tokenAbi, 'initializeV2_1', [accountOf(8).address])
  await call(tokenAbi, 'initializeV2_2', [[], 'USDC'])
  await call(tokenAbi, 'configureMinter', [deployer, maxUint256])
  return address
}
