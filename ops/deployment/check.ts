import { concatHex, isAddressEqual, type PublicClient, parseEther, type StateOverride } from 'viem'
import type { Deployment } from '../../core/deployment.ts'
import { readArtifact } from '../readArtifact.ts'
import { CREATE2_DEPLOYER, create2Address, stakingAddress } from './plan.ts'
import { contractsOfBuild } from './verification.ts'

/**
 * Compares the contracts on the chain with this build: each address must follow from the salt, the creation code and the
 * constructor's arguments, and the code must be what that constructor returns, with all immutables. Contracts that are
 * older than the market, such as a foreign USDC, are not of the build. Forge's artifacts must be up to date.
 * @returns the contracts, each with what differs, if anything does.
 * @throws if the deployment file does not say how the contracts were created, or the node does not answer.
 */
export async function checkDeployment(client: PublicClient, deployment: Deployment) {
  const { chainId, build, contracts } = deployment
  if (!build) throw new Error(`The deployment of chain ${chainId} has no \`build\`: it cannot be checked`)
  const actual = await client.getChainId()
  if (actual !== chainId) throw new Error(`RPC_URL serves chain ${actual}, not chain ${chainId}`)

  const checked: { contract: string; address: string; difference: string | undefined }[] = []
  for (const { contract, address, constructorArguments } of contractsOfBuild(deployment)) {
    const initCode = concatHex([readArtifact(contract).bytecode.object, constructorArguments])
    const creator = contract === 'AgentStaking' ? contracts.BountyMarket : CREATE2_DEPLOYER
    const planned = contract === 'AgentStaking' ? stakingAddress(creator) : create2Address(build.salt, initCode)
    // The constructor runs at the address, in place of the code: immutables have the address, and other contracts' answers.
    // A node may charge a call for its data on L1.
    const stateOverride: StateOverride = [
      { address, code: initCode, nonce: 1 },
      { address: creator, balance: parseEther('1') },
    ]
    if (contract === 'BountyMarket')
      stateOverride.push({ address: contracts.AgentStaking, code: '0x', nonce: 0, state: [] })
    const { data } = await client.call({ account: creator, to: address, stateOverride })
    const code = await client.getCode({ address })
    let difference: string | undefined
    if (!isAddressEqual(planned, address)) difference = `this build, with its arguments and its salt, is at ${planned}`
    else if (code !== data) difference = code ? 'the code or an immutable is not of this build' : 'there is no code'
    checked.push({ contract, address, difference })
  }
  return checked
}
