import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { vi } from 'vitest'
import { type Brief, createRunlineClient, type RunState } from '../../packages/client/src/index.ts'
import { startProcess } from '../../tools/devnet/managedProcess.ts'
import type { TestMarket } from './market.ts'
import { participantsOf, usdc } from './participants.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

const REWARD = 10n * usdc

/** Accounts without ether: a poster, an agent, and an evaluator whose key is in a file. Its program is `npm run evaluator`. */
export async function evaluatedMarket(market: TestMarket) {
  const [poster, agent, evaluator] = [generatePrivateKey(), generatePrivateKey(), generatePrivateKey()].map((key) => ({
    key,
    ...privateKeyToAccount(key),
  })) as [Account, Account, Account]
  const directory = await temporaryDirectory()
  const keyFile = join(directory.path, 'evaluator.key')
  await writeFile(keyFile, evaluator.key, { mode: 0o600 })
  const { deployment } = market
  const { runs, agents } = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    contracts: {
      usdc: market.usdc.address,
      signedFunding: deployment.contracts.SignedFunding,
      agentStaking: market.staking.address,
      agentRegistry: market.registry.address,
    },
  })
  const { mined, now } = participantsOf(market)
  for (const { address } of [poster, agent]) await mined(() => market.usdc.write.mint([address, 10_000n * usdc]))
  const asPoster = { via: 'relay', signer: poster } as const
  const asAgent = { via: 'relay', signer: agent } as const
  const { id } = (await agents.register('ipfs://agent', asAgent)).agent
  await agents.stake(id, 500n * usdc, asAgent)

  return {
    poster,
    agent,
    evaluator,
    runs,
    asAgent,
    remove: directory.remove,

    /** The program, against the API at the URL. */
    start: (url = market.api.url, args: string[] = [], env: Record<string, string> = {}) =>
      startProcess({
        name: 'evaluator',
        command: process.execPath,
        args: ['packages/cli/src/main.ts', 'evaluator', '--key-file', keyFile, ...args],
        env: { RUNLINE_API: url, RUNLINE_RPC: market.rpcUrl, RUNLINE_KEY: undefined, ...env },
      }),

    /** Posts a run that the evaluator reviews, and claims it. @returns its id. */
    async claimedRun(checks?: Brief['checks']): Promise<number> {
      const brief = { title: 'Name three rivers', ...(checks && { checks }) }
      const deadline = (await now()) + 86_400n
      const terms = { brief, reward: REWARD, deadline, evaluator: evaluator.address }
      const { run } = await runs.post(terms, asPoster)
      // It has read the terms: a client agrees to no other evaluator than the poster by itself.
      await runs.claim(run, { agentId: id, signer: agent })
      return run.bountyId
    },

    /** Waits until the run is in the state, after so many revisions. */
    async reaches(runId: number, state: RunState, revisions: number) {
      await vi.waitFor(
        async () => {
          const run = await runs.get(runId)
          if (run.state !== state || run.revisions !== revisions)
            throw new Error(`Run ${runId} is ${run.state} after ${run.revisions} revisions`)
        },
        { timeout: 30_000, interval: 100 },
      )
    },

    /** What happened to the run, without its start and its money. */
    async history(runId: number): Promise<string[]> {
      const { events } = await runs.events(runId)
      return events.map(({ name }) => name).filter((name) => /Submitted|Revision|Approved|Rejected/.test(name))
    },
  }
}

type Account = ReturnType<typeof privateKeyToAccount> & { key: string }

export type EvaluatedMarket = Awaited<ReturnType<typeof evaluatedMarket>>
