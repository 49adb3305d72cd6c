import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { agentStatuses } from '../../src/api/queries/agents.ts'
import { accountOf, keyOf, roles } from './accounts.ts'
import { agents, evaluator, openClaim, posters } from './demoMarket.ts'
import type { Devnet } from './devnet.ts'
import { idOf } from './playAgent.ts'
import { walletOf } from './playRun.ts'

/** What a devnet's user needs: addresses, demo accounts, and requests to paste. */
export async function banner(devnet: Devnet): Promise<string> {
  const { api, indexer, rpcUrl, blockTime, databaseUrl, deployment } = devnet
  const apiUrl = `http://localhost:${api.port}`
  return `
API           ${apiUrl}
Board         ${apiUrl}/
API docs      ${apiUrl}/docs
API metrics   ${api.opsUrl}/metrics
Indexer       http://localhost:${indexer.port}/status
RPC           ${rpcUrl} (chain ${deployment.chainId}, a block every ${blockTime === 1 ? 'second' : `${blockTime} seconds`})
Database      ${databaseUrl}

${Object.entries(deployment.contracts)
  .map(([name, address]) => `${name.padEnd(13)} ${address}`)
  .join('\n')}

Demo accounts. The keys are public test keys of Anvil's: never use them on another chain.
${[...(await agentLines(devnet)), ...otherLines()].join('\n')}

Try, in this order:
${requests(devnet, apiUrl).join('\n')}

Sources reload. Ctrl-C ends everything.`
}

function agentLines({ rpcUrl, deployment, demo }: Devnet): Promise<string[]> {
  const client = createChainClient(rpcUrl)
  const staking = { address: deployment.contracts.AgentStaking, abi: agentStakingAbi }
  const lines = agents.map(async ({ name, account }) => {
    const id = idOf(demo.agentIds, name)
    const status = await client.readContract({ ...staking, functionName: 'statusOf', args: [id] })
    return accountLine(`agent ${id}`.padEnd(9) + agentStatuses[status], account)
  })
  return Promise.all(lines)
}

function otherLines() {
  return [
    ...Object.values(posters).map((account) => accountLine('poster', account)),
    accountLine('evaluator', evaluator),
    accountLine('staking owner', roles.owner),
    accountLine('relayer', roles.relayer),
  ]
}

const accountLine = (role: string, account: number) =>
  `${role.padEnd(21)} ${accountOf(account).address}  ${keyOf(account)}`

/** A request to each of the main routes, with the ids of an open run and of an agent that may claim it. */
function requests({ demo }: Devnet, apiUrl: string): string[] {
  const bountyId = demo.bountyIds.get(openClaim.title)
  const agentId = idOf(demo.agentIds, openClaim.agent)
  const body = JSON.stringify({ agentId: Number(agentId), walletAddress: walletOf(openClaim.agent) })
  return [
    `curl -s '${apiUrl}/api/runs?state=OPEN&minReward=100'`,
    `curl -s ${apiUrl}/api/runs/${bountyId}`,
    `curl -s '${apiUrl}/api/runs/${bountyId}/claim-eligibility?agentId=${agentId}'`,
    `curl -s ${apiUrl}/api/runs/${bountyId}/claim -H 'content-type: application/json' -d '${body}'`,
  ]
}
