import {
  type Abi,
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  type Hash,
  type Hex,
  maxUint256,
  numberToHex,
  parseAbiParameters,
  stringToHex,
  toFunctionSelector,
} from 'viem'
import { expect } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'

const poster = accountOf(2).address
export const ada = accountOf(3).address
export const bob = accountOf(4).address
const WEEK = 7 * 86_400

/** Bytes that a Solidity `string` may hold, and that break decoders, databases or JSON. */
export const hostile: readonly Hex[] = [
  '0x00',
  stringToHex('a\0b\0'),
  // Lone surrogates encoded as UTF-8, an overlong slash, a truncated sequence, bytes that UTF-8 never uses.
  '0xeda080',
  '0xedb080eda080',
  '0xc0af',
  '0xf09f98',
  '0xfffefdff',
  // A byte order mark, the highest character, right-to-left override, line separators.
  '0xefbbbf61',
  '0xf48fbfbf',
  stringToHex('\u202Etxt.exe\u2028\u2029\u0085'),
  stringToHex('{"__proto__":null}\\u0000\\'),
  stringToHex(`'; DROP TABLE run; -- $1 %s \\N \t\r\n`),
  stringToHex('\u{1F600}'.repeat(32)),
]

/** A market with index and API, and what hostile parties do on it. */
export async function startHostileMarket(options?: Parameters<typeof startMarketOnAnvil>[0]) {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  const chain = await startMarketOnAnvil(options)
  parts.defer(chain.stop)
  const index = await startIndexOf(chain, databaseUrl)
  parts.defer(index.stop)
  const api = await startApi({ ...chain, databaseUrl })
  parts.defer(api.stop)
  await chain.fund(poster, ada, bob)

  /** Calls a function with strings that are not valid text: in calldata, `bytes` are encoded the same. */
  async function call(account: Address, to: Address, signature: string, args: unknown[]) {
    const types = (/\((.*)\)/.exec(signature)?.[1] ?? '').replaceAll('string', 'bytes')
    const data = concat([toFunctionSelector(signature), encodeAbiParameters(parseAbiParameters(types), args as never)])
    await chain.client.sendTransaction({ account, to, data } as never)
  }

  /** Mines all transactions of `sends` in one block. */
  async function inOneBlock(sends: (() => Promise<Hex>)[]) {
    const { client } = chain
    await client.setAutomine(false)
    const sent: Hash[] = []
    for (const send of sends) sent.push(await send())
    await client.mine({ blocks: 1 })
    await client.setAutomine(true)
    const receipts = await Promise.all(sent.map((hash) => client.waitForTransactionReceipt({ hash })))
    expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).toBe(1)
    expect(receipts.map(({ status }) => status)).toEqual(sends.map(() => 'success'))
  }

  /** Sends without waiting for the block, from one of Anvil's accounts. */
  async function send(from: Address, contract: { address: Address; abi: Abi }, functionName: string, args: unknown[]) {
    const data = encodeFunctionData({ abi: contract.abi, functionName, args })
    return chain.client.request({
      method: 'eth_sendTransaction',
      // Without a limit, Anvil would give each transaction the gas of a whole block.
      params: [{ from, to: contract.address, data, gas: numberToHex(4_000_000) }],
    } as never)
  }

  async function post(string: Hex, reward = 10_000_000n, lifetime = 30n * 86_400n) {
    const { timestamp } = await chain.client.getBlock()
    const args = [string, reward, timestamp + lifetime, Object.values(defaultTerms)]
    await call(poster, chain.market.address, 'postBounty(string,uint256,uint64,(uint32,uint8,address,address))', args)
    return chain.market.read.bountyCount()
  }

  /** Takes a run with the string in each field as far as a review. */
  async function playRun(string: Hex, agentId: bigint) {
    const { market } = chain
    const run = await post(string)
    await market.write.claimBounty([run, agentId], { account: ada })
    await call(ada, market.address, 'submitWork(uint256,string)', [run, string])
    await call(poster, market.address, 'requestRevision(uint256,string)', [run, string])
    await call(ada, market.address, 'submitWork(uint256,string)', [run, string])
    await market.write.approveWork([run, 1], { account: poster })
  }

  /** A run whose claim is slashed, claimed again and refused in one block. */
  async function slashAndClaimAtOnce(first: bigint, second: bigint) {
    const { market, client } = chain
    const run = await post('0x61')
    await market.write.claimBounty([run, first], { account: ada })
    await client.increaseTime({ seconds: WEEK + 1 })
    await client.mine({ blocks: 1 })
    const claims = [0n, 2n ** 40n, 2n ** 224n - 1n, maxUint256].flatMap((agentId) =>
      [run, run + 1n, maxUint256].map((bountyId) => [bountyId, agentId, bob, maxUint256, '0x'] as const),
    )
    const batch = claims.map(([bountyId, agentId, wallet, deadline, signature]) => ({
      bountyId,
      agentId,
      wallet,
      deadline,
      signature,
    }))
    await inOneBlock([
      () => send(poster, market, 'slashExpired', [run]),
      () => send(bob, market, 'claimBounty', [run, second]),
      () => send(accountOf(19).address, market, 'claimBatch', [batch]),
    ])
    await client.increaseTime({ seconds: WEEK + 1 })
    await client.mine({ blocks: 1 })
    await inOneBlock([
      () => send(poster, market, 'slashExpired', [run]),
      () => send(poster, market, 'closeBounty', [run]),
      () => send(poster, market, 'fundBounty', [run]),
    ])
  }

  /** Requests every route for everything that exists. @returns the requests that failed. */
  async function askEverything() {
    const { runs, agents } = await index.tables()
    const ids = [...agents.map(({ id }) => id), 0n, 2n ** 40n, 2n ** 224n - 1n, maxUint256]
    const known = new Set(agents.filter(({ owner }) => owner !== null).map(({ id }) => id))
    const paths = [
      ...[
        '/api/runs?limit=100',
        '/api/runs?state=OPEN&claimable=true',
        '/api/agents?limit=100',
        '/api/stats',
        '/openapi.json',
      ],
      ...runs.flatMap(({ bountyId }) => [`/api/runs/${bountyId}`, `/api/runs/${bountyId}/events?limit=100`]),
      ...ids.flatMap((id) => [`/api/agents/${id}`, `/api/agents/${id}/stake`]),
      ...ids.flatMap((id) => [
        `/api/runs/1/claim-eligibility?agentId=${id}`,
        `/api/runs/1/claim-message?agentId=${id}&walletAddress=${ada}`,
        `/api/runs?claimedBy=${id}`,
      ]),
    ]
    const wrong: string[] = []
    for (const path of paths) {
      const response = await fetch(api.url + path)
      const body = await response.text()
      const asked = /(?:agents\/|agentId=)(\d+)/.exec(path)?.[1]
      const mayBeUnknown = asked !== undefined && !known.has(BigInt(asked)) && response.status === 404
      if ((!response.ok && !mayBeUnknown) || JSON.parse(body) === null)
        wrong.push(`${path}: ${response.status} ${body}`)
    }
    return { wrong, asked: paths.length }
  }

  /** The result of the operator's audit, after enough blocks. */
  async function audit() {
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }))
    const env = {
      DATABASE_URL: databaseUrl,
      CHAIN_ID: '31337',
      RPC_URL: chain.rpcUrl,
      DEPLOYMENTS_DIR: chain.deploymentsDirectory,
    }
    return (await auditOnce(env, chain.client)).stdout
  }

  const kept = parts.move()
  return {
    ...chain,
    call,
    inOneBlock,
    send,
    post,
    playRun,
    slashAndClaimAtOnce,
    askEverything,
    audit,
    stop: () => kept.disposeAsync(),
  }
}
